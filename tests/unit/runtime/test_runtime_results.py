"""Results in all their forms, read back by the libraries that they are for."""

from __future__ import annotations

import asyncio
import datetime
import inspect
import io
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pyarrow as pa
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

import jupyter_faas
from jupyter_faas.gateway.dispatch import replies as gateway_replies
from jupyter_faas.model import authoring
from runtime import codec, facade, forms, replies
from runtime.results import NDJSON, SSE, Replier
from tests.unit.runtime.test_runtime_codec import DATA

mpl.use("Agg")

CAP = 10**6
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "ü"], "c": [pd.Timestamp("2026-01-02"), pd.NaT]})
NAMES = st.text("!#$aZ-_:\r\n ü", max_size=6) | st.sampled_from(
    [*sorted(replies.RESERVED), "X-Mine", "Faas-Id"]
)
VALUES = st.text("a\r\n\tü\x7f ,", max_size=6) | st.none() | st.integers()


def wait(awaitable: Awaitable[Any]) -> Any:
    async def awaited() -> Any:
        return await awaitable

    return asyncio.run(awaited())


def replied(
    result: Any, accept: str = "", cap: int = CAP
) -> tuple[dict[str, Any], bytes, list[tuple[dict[str, Any], bytes]]]:
    chunks: list[tuple[dict[str, Any], bytes]] = []
    header, body = Replier(cap, wait).reply(result, accept, lambda *chunk: chunks.append(chunk))
    assert header["ok"] is True
    return header, body, chunks


def body_of(result: Any, accept: str, content_type: str = "") -> bytes:
    header, body, chunks = replied(result, accept)
    assert header["type"] == (content_type or accept)
    assert not chunks
    return body


def refused(result: Any, accept: str = "", cap: int = CAP) -> codec.Unencodable:
    with pytest.raises(codec.Unencodable) as caught:
        replied(result, accept, cap)
    return caught.value


# Forms


def test_a_data_frame() -> None:
    assert json.loads(body_of(FRAME, "application/json"))[1] == {"a": 2, "b": "ü", "c": None}
    assert replied(FRAME)[0]["type"] == "application/json"
    assert body_of(FRAME, "text/csv", "text/csv; charset=utf-8").decode() == "a,b,c\n1,x,2026-01-02\n2,ü,\n"
    arrow = pa.ipc.open_stream(body_of(FRAME, forms.ARROW)).read_pandas()
    pd.testing.assert_frame_equal(arrow, FRAME)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(body_of(FRAME, forms.PARQUET))), FRAME)
    assert b"<table" in body_of(FRAME, "text/html", "text/html; charset=utf-8")
    error = refused(FRAME, "image/png")
    available = ["application/json", "text/csv", forms.ARROW, forms.PARQUET, "text/html"]
    assert (error.code, error.figures["available"]) == ("not-acceptable", available)


def test_a_frames_labels_survive_arrow() -> None:
    frame = FRAME.set_index("b")
    pd.testing.assert_frame_equal(pa.ipc.open_stream(body_of(frame, forms.ARROW)).read_pandas(), frame)


def test_numbers_in_the_other_order_of_bytes() -> None:
    frame = pd.DataFrame({"a": np.array([1, 2], ">i4"), "b": ["x", "y"]})
    for form in (forms.ARROW, forms.PARQUET):
        body = io.BytesIO(body_of(frame, form))
        back = pa.ipc.open_stream(body).read_pandas() if form == forms.ARROW else pd.read_parquet(body)
        assert back["a"].tolist() == [1, 2]


@pytest.mark.parametrize("form", ["image/png", "image/jpeg", "image/webp"])
def test_a_picture_without_pixels(form: str) -> None:
    error = refused(Image.new("RGB", (0, 2)), form)
    assert error.code == "result-not-encodable"
    assert "no pixels" in str(error)


def test_a_series_and_arrays() -> None:
    assert body_of(FRAME["a"], "text/csv", "text/csv; charset=utf-8") == b"a\n1\n2\n"
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    loaded = np.load(io.BytesIO(body_of(array, forms.NPY)), allow_pickle=False)
    assert loaded.dtype == array.dtype
    np.testing.assert_array_equal(loaded, array)
    assert json.loads(body_of(array, "application/json")) == array.tolist()
    masked = np.ma.masked_array([1, 2], [False, True])
    assert refused(masked, forms.NPY).figures["available"] == ["application/json"]
    assert refused(np.array([object()]), forms.NPY).code == "result-not-encodable"


def test_tables_of_arrow_and_polars() -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    frame = pl.DataFrame(table)
    for value in (table, frame):
        assert json.loads(body_of(value, "application/json")) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
        csv = body_of(value, "text/csv", "text/csv; charset=utf-8")
        assert pd.read_csv(io.BytesIO(csv), dtype_backend="pyarrow").to_dict("list")["a"] == [1, 2]
        assert pa.ipc.open_stream(body_of(value, forms.ARROW)).read_all().to_pydict() == table.to_pydict()
        assert pl.read_parquet(io.BytesIO(body_of(value, forms.PARQUET))).equals(frame)
    assert b"<table" in body_of(frame, "text/html", "text/html; charset=utf-8")
    assert json.loads(body_of(frame["a"], "application/json")) == [1, 2]
    assert refused(table, "text/html").figures["available"][-1] == forms.PARQUET
    assert refused(table, cap=10).code == refused(frame, cap=10).code == "result-too-large"


def test_a_pydantic_model() -> None:
    class Point(pydantic.BaseModel):
        x: float = pydantic.Field(alias="ex")
        when: datetime.date

    point = Point(ex=float("nan"), when=datetime.date(2026, 1, 2))
    assert json.loads(body_of([point], "application/json")) == [{"ex": None, "when": "2026-01-02"}]


def test_a_matplotlib_figure() -> None:
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.plot([1, 2])
    header, png, _ = replied(figure)
    assert header["type"] == "image/png"
    assert Image.open(io.BytesIO(png)).size == (100, 50)
    assert not plt.get_fignums(), "a warm worker would pile its figures up"
    assert b"<svg" in body_of(figure, "image/svg+xml")
    assert body_of(pd.Series([1, 2]).plot(), "image/png").startswith(b"\x89PNG")
    assert body_of(Figure(), "image/png").startswith(b"\x89PNG")


def test_a_plotly_figure() -> None:
    figure = go.Figure(go.Scatter(y=[1, 2]))
    html = body_of(figure, "text/html", "text/html; charset=utf-8")
    assert b"plotly" in html
    assert replied(figure)[1][:20] == html[:20]
    assert json.loads(body_of(figure, "application/json"))["data"][0]["type"] == "scatter"


class Shown:
    def _repr_png_(self) -> bytes:
        return b"png"

    def _repr_html_(self) -> tuple[str, dict[str, Any]]:
        return "<b>", {}

    def _repr_json_(self) -> dict[str, int]:
        return {"a": 1}

    def _repr_jpeg_(self) -> None:
        return None


def test_what_notebooks_show() -> None:
    assert replied(Shown())[:2] == ({"ok": True, "type": "text/html; charset=utf-8"}, b"<b>")
    assert body_of(Shown(), "image/png") == b"png"
    assert body_of(Shown(), "application/json") == b'{"a":1}'
    assert "_repr_jpeg_() gave a NoneType" in str(refused(Shown(), "image/jpeg"))
    assert refused(Shown(), "image/svg+xml").figures["available"] == [
        "text/html",
        "image/png",
        "image/jpeg",
        "application/json",
    ]


def test_text_bytes_and_nothing() -> None:
    assert body_of("ü", "text/plain", "text/plain; charset=utf-8") == "ü".encode()
    assert body_of("ü", "application/json") == '"ü"'.encode()
    assert body_of(bytearray(b"\x00"), "application/octet-stream") == b"\x00"
    assert body_of(memoryview(b"\x00"), "application/json") == b'"AA=="'
    assert replied(None)[0]["status"] == 204
    assert replied(None, "application/json")[:2] == ({"ok": True, "type": "application/json"}, b"null")


@given(DATA.filter(lambda value: value is not None))
def test_json_is_json_however_it_is_asked_for(value: Any) -> None:
    for accept in ("", "application/json", "application/json, text/csv;q=0.5", "application/*"):
        header, body, _ = replied(value, accept)
        assert (header["type"], json.loads(body)) == ("application/json", value)


def test_every_form_is_bounded() -> None:
    frame = pd.DataFrame({"a": range(1000)})
    for accept in ("application/json", "text/csv", "text/html", forms.ARROW, forms.PARQUET):
        error = refused(frame, accept, cap=1000)
        assert (error.code, error.figures["cap_bytes"]) == ("result-too-large", 1000)
    assert refused(b"x" * 1001, cap=1000).code == "result-too-large"
    assert refused("x" * 1001, "text/plain", cap=1000).code == "result-too-large"
    assert refused(np.zeros(1000), forms.NPY, cap=1000).code == "result-too-large"


# Streams


def yielding(items: list[Any]) -> Iterator[Any]:
    yield from items


async def yielding_later(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


@given(st.lists(DATA, max_size=6), st.booleans())
def test_lines_and_events_hold_what_was_yielded(items: list[Any], later: bool) -> None:
    for accept, media_type in (("", NDJSON), (SSE, SSE)):
        result = yielding_later(items) if later else yielding(items)
        header, body, chunks = replied(result, accept)
        assert (header, body) == ({"ok": True, "type": media_type}, b"")
        assert len(chunks) == len(items)
        assert [chunk.get("type") for chunk, _ in chunks] == [media_type, *[None] * len(items)][: len(items)]
        whole = b"".join(body for _, body in chunks).decode()
        if media_type == NDJSON:
            assert [json.loads(line) for line in whole.split("\n")[:-1]] == items
        else:
            events = whole.split("\n\n")[:-1]
            assert all("\n" not in event and "\r" not in event for event in events)
            assert [json.loads(event.removeprefix("data: ")) for event in events] == items
    assert json.loads(replied(yielding(items), "application/json")[1]) == items


def test_a_stream_that_grows_too_large_is_closed() -> None:
    closed = []

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "x" * 100
        finally:
            closed.append(True)

    assert refused(endless(), cap=1000).code == "result-too-large"
    assert closed
    assert refused(yielding([1, object()])).code == "result-not-encodable"
    assert refused(yielding([1]), "text/csv").code == "not-acceptable"


# Status and headers


def test_a_response() -> None:
    header, body, _ = replied(facade.Response({"a": 1}, 201, {"X-Mine": "1"}))
    assert header == {"ok": True, "type": "application/json", "status": 201, "headers": {"X-Mine": "1"}}
    assert body == b'{"a":1}'
    csv = facade.Response(FRAME, headers={"content-type": "text/csv"})
    header, body, _ = replied(csv, "image/png")
    assert (header["type"], body[:6]) == ("text/csv", b"a,b,c\n")
    assert replied(facade.Response(None, 304))[0]["status"] == 304
    ld = facade.Response({"a": 1}, headers={"Content-Type": "application/ld+json"})
    assert replied(ld)[0]["type"] == "application/ld+json"
    assert replied(facade.Response(b"\x00", headers={"Content-Type": "audio/ogg"}))[:2] == (
        {"ok": True, "type": "audio/ogg", "status": 200, "headers": {}},
        b"\x00",
    )
    chunks = replied(facade.Response(yielding([1]), 202))[2]
    assert chunks[0][0]["status"] == 202


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (facade.Response(1, 99), "status 99 is no HTTP status"),
        (facade.Response(1, True), "status True is no HTTP status"),
        (facade.Response(1, headers={"A\r\nB": "x"}), "is no header's name"),
        (facade.Response(1, headers={"A": "x\r\nB: y"}), "not plain ASCII text"),
        (facade.Response(1, headers={"Content-Length": "1"}), "is not a function's to set"),
        (facade.Response(1, headers={"A": "x" * 5000}), "more than 4096 characters"),
        (facade.Response(1, headers={f"A{n}": "" for n in range(33)}), "has 33 headers"),
        (facade.Response({1}, headers={"Content-Type": "image/png"}), "no form"),
    ],
)
def test_a_response_that_is_none(response: facade.Response, words: str) -> None:
    error = refused(response)
    assert error.code == "result-not-encodable"
    assert words in str(error)


@given(NAMES, VALUES)
def test_gateway_and_runtime_agree_on_headers(name: str, value: Any) -> None:
    assert gateway_replies.is_allowed(name, value) == (replies.header_fault(name, value) is None)
    kept = gateway_replies.headers_in({name: value})
    assert all("\r" not in text and "\n" not in text for pair in kept.items() for text in pair)


def test_gateway_and_runtime_agree_on_statuses() -> None:
    for status in (*range(-1, 700), True, None, "200", 200.0):
        expected = 200 if replies.status_fault(status) else status
        assert gateway_replies.status_in(status) == expected
    assert gateway_replies.RESERVED == replies.RESERVED
    assert gateway_replies.MAX_HEADERS == replies.MAX_HEADERS


# What functions import


def test_kernel_and_image_offer_the_same() -> None:
    for name in authoring.AUTHORING_NAMES:
        ours, theirs = getattr(facade, name), getattr(authoring, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
        public = [member for member in vars(ours) if not member.startswith("_")]
        assert public == [member for member in vars(theirs) if not member.startswith("_")]
        assert vars(ours()).keys() == vars(theirs()).keys()
        assert getattr(jupyter_faas, name) is theirs
        assert theirs.__module__ == "jupyter_faas"
    context = authoring.Context(timeout_seconds=-1)
    assert context.remaining_seconds() == 0.0
    assert authoring.Context().remaining_seconds() > 10**9
    with pytest.raises(AttributeError):
        jupyter_faas.Request  # noqa: B018


def test_who_takes_a_context() -> None:
    scope: dict[str, Any] = {"Context": facade.Context, "faas": facade}

    def defined(text: str) -> Any:
        exec(f"def f({text}): pass", scope)
        return scope["f"]

    assert facade.takes_context(defined("context: Context"))
    assert facade.takes_context(defined("x, context: 'faas.Context'"))
    assert not facade.takes_context(defined("context"))
    assert not facade.takes_context(defined("context: dict"))
    assert not facade.takes_context(defined("context: 'Unknown.Context'"))
    assert not facade.takes_context(print)
