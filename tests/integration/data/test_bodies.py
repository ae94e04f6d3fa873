"""Every kind of raw body, and forms, for every parameter that takes them, in one real image."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import feather, parquet

from tests.integration.data import functions
from tests.support.forms import form_of
from tests.support.gateway import Answer, Gateway
from tests.support.published import publish

pytestmark = pytest.mark.docker

ARROW, FEATHER = "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"
PARQUET, UNTOLD = "application/vnd.apache.parquet", "application/octet-stream"
FRAME = pd.DataFrame({"n": [1, 2, 3], "s": ["a", "ü", ""]})
PICTURE = Image.new("RGB", (16, 16), (254, 0, 0))
ARRAY = np.arange(6, dtype=np.int16).reshape(2, 3)
TYPES = {"arrow": {"n": "int64", "s": "string"}, "frame": {"n": "Int64", "s": "String"}}


def table_in(media_type: str, table: pd.DataFrame = FRAME) -> bytes:
    buffer = io.BytesIO()
    arrow = pa.table(table.to_dict("list"))
    if media_type == "text/csv":
        return table.to_csv(index=False).encode()
    if media_type == PARQUET:
        parquet.write_table(arrow, buffer)
    elif media_type == FEATHER:
        feather.write_feather(arrow, buffer, compression="uncompressed")
    else:
        with pa.ipc.new_stream(buffer, arrow.schema) as writer:
            writer.write_table(arrow)
    return buffer.getvalue()


def picture_in(kind: str) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, kind)
    return buffer.getvalue()


def npy(array: Any = ARRAY) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.fixture(scope="module", autouse=True)
def published(gateway: Gateway, packages: list[str]) -> None:
    for each in ("table", "arrow", "frame", "column", "array", "picture", "raw", "file"):
        publish(gateway, getattr(functions, each), requirements=packages)


def send(
    gateway: Gateway, name: str, body: bytes, media_type: str, query: str = "", accept: str = ""
) -> Answer:
    headers = {"Content-Type": media_type, "Accept": accept}
    return gateway.request("POST", f"/functions/{name}{query}", body, headers)


@pytest.mark.parametrize("sent_as", ["text/csv", "text/csv; charset=utf-8", ARROW, FEATHER, PARQUET])
def test_a_table_as_the_body(gateway: Gateway, sent_as: str) -> None:
    body = table_in(sent_as.partition(";")[0])
    answer = send(gateway, "table", body, sent_as, "?by=7", ARROW)
    assert answer.status == 200, answer.body
    back = pa.ipc.open_stream(answer.body).read_pandas()
    assert back["n"].tolist() == [1, 2, 3]
    assert back["by"].tolist() == [7, 7, 7]
    if sent_as.startswith("text/csv"):
        assert back["s"].isna().tolist() == [False, False, True], "an empty cell of CSV is missing to pandas"
    else:
        assert back["s"].tolist() == ["a", "ü", ""]
    for name in ("arrow", "frame"):
        answer = send(gateway, name, body, sent_as)
        assert (answer.status, answer.json) == (200, TYPES[name]), answer.body
    if sent_as in (ARROW, FEATHER, PARQUET):  # curl says nothing of its files
        assert send(gateway, "arrow", body, UNTOLD).json == TYPES["arrow"]


@pytest.mark.parametrize("sent_as", ["text/csv", ARROW, PARQUET])
def test_a_column_as_the_body(gateway: Gateway, sent_as: str) -> None:
    answer = send(gateway, "column", table_in(sent_as, FRAME[["n"]]), sent_as)
    assert answer.json == ["n", "int64", [1, 2, 3]]
    assert send(gateway, "column", table_in(sent_as), sent_as).code == "invalid-input"


def test_an_array_as_the_body(gateway: Gateway) -> None:
    for sent_as in ("application/x-npy", UNTOLD):
        answer = send(gateway, "array", npy(), sent_as, "?times=2", "application/x-npy")
        back = np.load(io.BytesIO(answer.body))
        assert (back.dtype, back.tolist()) == (np.int16, (2 * ARRAY).tolist())
    assert send(gateway, "array", npy(np.array([object()])), "application/x-npy").code == "invalid-input"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF"])
def test_a_picture_as_the_body(gateway: Gateway, kind: str) -> None:
    for sent_as in (f"image/{kind.lower()}", UNTOLD):
        answer = send(gateway, "picture", picture_in(kind), sent_as, "?size=2")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png"), answer.body
        back = Image.open(io.BytesIO(answer.body)).convert("RGB")
        assert back.size == (2, 2)
        assert back.getpixel((0, 0)) == pytest.approx((254, 0, 0), abs=3)


@pytest.mark.parametrize("sent_as", [UNTOLD, "audio/ogg", "text/plain"])
def test_any_bytes_as_the_body(gateway: Gateway, sent_as: str) -> None:
    answer = send(gateway, "raw", b"\x00\x01\xff", sent_as)
    assert (answer.body, answer.headers["content-type"]) == (b"\xff\x01\x00", UNTOLD)
    assert [size for _, size in send(gateway, "file", b"abc", sent_as).json] == [3]


def test_forms_of_several_parts(gateway: Gateway) -> None:
    body, kind = form_of(("table", "t.csv", "text/csv", table_in("text/csv")), ("by", None, None, b"7"))
    assert [row["by"] for row in send(gateway, "table", body, kind).json] == [7, 7, 7]
    body, kind = form_of(
        ("table", "t.parquet", UNTOLD, table_in(PARQUET)), ("by", None, "application/json", b"7")
    )
    assert [row["by"] for row in send(gateway, "table", body, kind).json] == [7, 7, 7]
    body, kind = form_of(("array", "a.npy", "application/x-npy", npy()), ("times", None, None, b"3"))
    assert send(gateway, "array", body, kind).json == (3 * ARRAY).tolist()
    body, kind = form_of(("picture", "p.jpg", "image/jpeg", picture_in("JPEG")), ("size", None, None, b"3"))
    assert Image.open(io.BytesIO(send(gateway, "picture", body, kind).body)).size == (3, 3)
    body, kind = form_of(("file", "ü.txt", None, b"abc"), ("more", "b.bin", UNTOLD, b"de"))
    assert send(gateway, "file", body, kind).json == [["ü.txt", 3], ["b.bin", 2]]


@pytest.mark.parametrize(
    ("name", "body", "sent_as", "status", "words"),
    [
        ("table", b"no parquet", PARQUET, 422, "table in the format application/vnd.apache.parquet"),
        ("table", b"no stream", ARROW, 422, "table in the format application/vnd.apache.arrow.stream"),
        ("table", b"<a/>", "text/xml", 400, "text/csv"),
        ("table", b"GIF89a", "image/gif", 400, "text/csv"),
        ("array", b"PK\x03\x04", "application/x-npy", 422, "npy"),
        ("array", npy(), "image/png", 400, "application/x-npy"),
        ("picture", b"\x89PNG\r\n\x1a\n", "image/png", 422, "picture"),
        ("picture", npy(), "application/x-npy", 400, "image"),
        ("picture", picture_in("PNG"), "text/csv", 400, "image"),
    ],
)
def test_what_is_not_of_its_kind(
    gateway: Gateway, name: str, body: bytes, sent_as: str, status: int, words: str
) -> None:
    answer = send(gateway, name, body, sent_as)
    assert (answer.status, answer.code) == (status, "invalid-input" if status == 422 else "malformed-request")
    assert words in json.dumps(answer.json)
    assert "faas_runtime" not in answer.body.decode()
