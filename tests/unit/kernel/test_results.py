"""What ``%faas invoke`` shows."""

from __future__ import annotations

import io

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.display import HTML, SVG, Image

from jupyter_faas.client.answers import Response
from jupyter_faas.kernel.results import accept_of_notebook, shown
from jupyter_faas.model.errors import NotAcceptable
from jupyter_faas.model.media import ARROW

URL = "http://gateway"


def test_a_frame_comes_back_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1.5, None]}, index=pd.Index(["x", "y"], name="i"))
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    pd.testing.assert_frame_equal(shown(Response(200, ARROW, buffer.getvalue()), URL), frame)
    assert accept_of_notebook().startswith(ARROW)


def test_other_tables_come_back_as_they_were() -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    back = shown(Response(200, ARROW, buffer.getvalue()), URL)
    assert isinstance(back, pl.DataFrame)
    assert back.equals(frame)


def test_pictures_and_pages() -> None:
    picture = shown(Response(200, "image/png", b"\x89PNG"), URL)
    assert isinstance(picture, Image)
    assert (picture.data, picture.format) == (b"\x89PNG", "png")
    vector = shown(Response(200, "image/svg+xml", b"<svg></svg>"), URL)
    assert isinstance(vector, SVG)
    page = shown(Response(200, "text/html; charset=utf-8", "<b>ü</b>".encode()), URL)
    assert isinstance(page, HTML)
    assert page.data == "<b>ü</b>"


def test_other_results_are_values() -> None:
    assert shown(Response(200, "application/json", b'{"a": 1}'), URL) == {"a": 1}
    assert shown(Response(204, "", b""), URL) is None
    with pytest.raises(NotAcceptable):
        shown(Response(406, "", b""), URL)
