"""What ``%faas invoke`` shows and gives."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from jupyter_faas.client.answers import Response
from jupyter_faas.kernel.results import accept_of_notebook, shown
from jupyter_faas.model.errors import NotAcceptable
from jupyter_faas.model.media import ARROW, NDJSON, NPY

URL = "http://gateway"


def shown_of(media_type: str, body: bytes, schema: dict[str, Any] | None = None, status: int = 200) -> Any:
    return shown(Response(status, media_type, body), schema or {}, URL)


def test_a_frame_comes_back_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1.5, None]}, index=pd.Index(["x", "y"], name="i"))
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    pd.testing.assert_frame_equal(shown_of(ARROW, buffer.getvalue()), frame)


def test_other_tables_and_arrays_come_back_as_they_were() -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    back = shown_of(ARROW, buffer.getvalue())
    assert isinstance(back, pl.DataFrame)
    assert back.equals(frame)
    buffer = io.BytesIO()
    np.save(buffer, np.eye(2))
    assert (shown_of(NPY, buffer.getvalue()) == np.eye(2)).all()


def test_pictures() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, "PNG")
    assert shown_of("image/png", buffer.getvalue()).size == (3, 2)
    broken = shown_of("image/png", b"\x89PNG")
    assert broken._repr_mimebundle_()["image/png"] == b"\x89PNG"
    vector = shown_of("image/svg+xml", b"<svg></svg>")
    assert vector._repr_mimebundle_()["image/svg+xml"] == "<svg></svg>"


def test_pages() -> None:
    part = shown_of("text/html; charset=utf-8", "<b>ü</b>".encode())
    assert part._repr_mimebundle_()["text/html"] == "<b>ü</b>"
    content = b"<!DOCTYPE html>\n<p>'</p>"
    page = shown_of("text/html", content)
    assert "<iframe sandbox" in page._repr_mimebundle_()["text/html"]
    assert page.content == content


def test_other_results_are_values() -> None:
    assert shown_of("application/json", b'{"a": 1}') == {"a": 1}
    day = {"type": "string", "format": "date", "x-faas-type": "datetime.date"}
    assert shown_of("application/json", b'"2026-01-02"', day) == date(2026, 1, 2)
    items = shown_of(NDJSON, b'"2026-01-02"\n"2026-01-03"\n', {"type": "array", "items": day})
    assert items == [date(2026, 1, 2), date(2026, 1, 3)]
    assert shown_of("text/csv", b"a\n1\n") == "a\n1\n"
    assert shown_of("", b"", status=204) is None
    with pytest.raises(NotAcceptable):
        shown_of("", b"", status=406)


def test_pages_are_asked_for_where_the_result_is_not_known_to_be_data() -> None:
    def weight(accept: str, form: str) -> float:
        return next(float(one.partition("q=")[2] or 1) for one in accept.split(", ") if one.startswith(form))

    unknown, table = accept_of_notebook({}), accept_of_notebook({"x-faas-type": "pandas.DataFrame"})
    assert weight(unknown, ARROW) > weight(unknown, "text/html") > weight(unknown, "application/json")
    assert weight(table, "application/json") > weight(table, "text/html")
