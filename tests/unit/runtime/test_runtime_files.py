"""Files of a call become what the parameters' annotations say, or the caller's fault."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL.Image
import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.typenames import MEDIA
from runtime import data, uploads
from runtime.faults import Fault
from tests.unit.runtime.runtime_binding import bound, function_of, read


def written(table: pyarrow.Table, media_type: str) -> bytes:
    sink = io.BytesIO()
    match media_type:
        case data.CSV:
            pyarrow.csv.write_csv(table, sink)
        case data.STREAM:
            with pyarrow.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
        case data.FEATHER:
            pyarrow.feather.write_feather(table, sink, compression="uncompressed")
        case _:
            pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


TABLE = pyarrow.table({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize("media_type", data.TABLES)
@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(pd.DataFrame, TABLE.to_pandas()), (pyarrow.Table, TABLE), (polars.DataFrame, polars.from_arrow(TABLE))],
    ids=["pandas", "pyarrow", "polars"],
)
def test_tables_from_files(annotation: Any, expected: Any, media_type: str) -> None:
    content = written(TABLE, media_type)
    assert read(annotation, content, media_type).equals(expected)
    suffix = next(suffix for suffix, known in data.SUFFIXES.items() if known == media_type)
    assert read(annotation | None, content, "application/octet-stream", f"t{suffix}").equals(expected)
    if media_type != data.CSV:
        assert read(annotation, content, "application/octet-stream").equals(expected)
        with pytest.raises(Fault):
            read(annotation, content[:40], media_type)


def test_a_series_is_one_column() -> None:
    assert list(read(pd.Series, b"a\n1\n2\n", "text/csv")) == [1, 2]
    with pytest.raises(Fault, match="2 columns"):
        read(pd.Series, b"a,b\n1,2\n", "text/csv")


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_arrays_from_files() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    received = read(np.ndarray, npy(array), "application/x-npy")
    assert received.dtype == np.int32
    assert np.array_equal(received, array)
    assert read(NDArray[np.float64], npy(array), "application/octet-stream").dtype == np.float64
    with pytest.raises(Fault, match="allow_pickle"):
        read(np.ndarray, npy(np.array([{}], dtype=object)), "application/x-npy")
    with pytest.raises(Fault, match="npy"):
        read(np.ndarray, b"1,2,3", "text/csv")


def test_pictures_from_files_and_from_json() -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", (4, 3), "red").save(file, "PNG")
    content = file.getvalue()
    picture = read(PIL.Image.Image, content, "image/png")
    assert (picture.size, picture.getpixel((0, 0)), picture.format) == ((4, 3), (255, 0, 0), "PNG")
    assert bound(PIL.Image.Image, base64.b64encode(content).decode()).size == (4, 3)
    with pytest.raises(Fault, match="is not a picture"):
        read(PIL.Image.Image, content[:50], "image/png")


def test_files_live_as_long_as_the_call(scratch: Path) -> None:
    path = read(Path, b"hello", "text/plain", "../../etc/notes.txt")
    assert isinstance(path, Path)
    assert (path.name, path.read_bytes(), path.parents[1]) == ("notes.txt", b"hello", scratch)
    other = bound(Path, base64.b64encode(b"again").decode())
    assert (other.name, other.read_bytes()) == ("upload", b"again")
    uploads.clear()
    assert not list(scratch.iterdir())


def test_files_of_killed_workers_go(scratch: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for owner in (ended.pid, os.getppid()):
        (scratch / f"upload-{owner}-x").mkdir()
    uploads.store(b"", None)
    left = {path.name for path in scratch.iterdir()}
    assert f"upload-{ended.pid}-x" not in left
    assert f"upload-{os.getppid()}-x" in left


@given(st.text())
def test_no_file_name_leads_anywhere(name: str) -> None:
    safe = uploads.safe_name(name)
    assert safe
    assert safe not in (".", "..")
    assert "/" not in safe
    assert "\0" not in safe
    assert len(safe.encode()) < 255


def test_the_two_sides_name_the_same_types() -> None:
    for annotation in (pd.DataFrame, pd.Series, pyarrow.Table, polars.DataFrame, np.ndarray, PIL.Image.Image):
        assert data.reader(annotation) is not None
        schema = schemas_of(function_of(annotation), "f").input["properties"]["x"]
        named = schema[MEDIA]
        assert tuple(named) in {data.TABLES, (data.NPY,), ("image/*",)}
