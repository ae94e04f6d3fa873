"""Chunks on their way to the caller, from an instance that may say anything."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.outcome import result_in
from jupyter_faas.gateway.dispatch.stream import NDJSON, PIECE_BYTES, SSE, Stream
from jupyter_faas.gateway.handlers.answers import error_record
from jupyter_faas.model.errors import Crashed, HandlerError, ResultTooLarge
from jupyter_faas.model.wire import Frame, Kind


def chunk(body: bytes, **header: Any) -> Frame:
    return Frame(Kind.CHUNK, 0, header, body)


def stream_of(cap_bytes: int = 10**6) -> tuple[Stream, list[Stream]]:
    begun: list[Stream] = []
    return Stream(begun.append, cap_bytes), begun


@given(st.lists(st.binary(min_size=1, max_size=3 * PIECE_BYTES), max_size=5), st.binary(max_size=10))
def test_the_caller_gets_what_was_fed(bodies: list[bytes], record: bytes) -> None:
    async def passed() -> bytes:
        stream, begun = stream_of()
        received = b""
        for body in bodies:
            stream.feed(chunk(body, type=NDJSON))
            piece = await stream.take()
            assert 0 < len(piece) <= PIECE_BYTES
            received += piece
        assert begun == ([stream] if bodies else [])
        stream.end(record)
        while piece := await stream.take():
            received += piece
        return received

    assert asyncio.run(passed()) == b"".join(bodies) + record


def test_who_takes_waits_for_the_next_chunk() -> None:
    async def waited() -> None:
        stream, _ = stream_of()
        stream.feed(chunk(b"1", type=SSE))
        assert await stream.take() == b"1"
        taking = asyncio.create_task(stream.take())
        await asyncio.sleep(0)
        assert not taking.done()
        stream.feed(chunk(b"2"))
        assert await taking == b"2"
        stream.end()
        assert await stream.take() == b""

    asyncio.run(waited())


def test_what_is_held_is_bounded() -> None:
    stream, _ = stream_of(cap_bytes=10)
    stream.feed(chunk(b"x" * 10, type=NDJSON))
    with pytest.raises(ResultTooLarge) as caught:
        stream.feed(chunk(b"y"))
    assert caught.value.figures == {"cap_bytes": 10, "size_bytes": 11}


@pytest.mark.parametrize("header", [{}, {"type": 3}, {"type": "text/html"}, {"type": ["a"]}])
def test_a_first_chunk_without_its_type(header: dict[str, Any]) -> None:
    stream, begun = stream_of()
    with pytest.raises(Crashed):
        stream.feed(chunk(b"x", **header))
    assert not begun


def test_status_and_headers_are_checked() -> None:
    stream, _ = stream_of()
    stream.feed(chunk(b"x", type=NDJSON, status=700, headers={"X-A": "1", "Set-Cookie": "a", "B": "\r\n"}))
    assert (stream.status, stream.headers) == (200, {"X-A": "1"})
    header = {"ok": True, "type": "text/csv", "status": 201, "headers": {"X-A": "1", "Connection": "x"}}
    result = result_in(Frame(Kind.RESULT, 0, header, b"a"))
    assert (result.status, result.headers) == (201, {"X-A": "1"})
    strange = result_in(Frame(Kind.RESULT, 0, {**header, "status": "x", "headers": [1]}, b"a"))
    assert (strange.status, strange.headers) == (200, {})


@pytest.mark.parametrize("media_type", [NDJSON, SSE])
@pytest.mark.parametrize("trusted", [True, False])
def test_the_record_of_an_error(media_type: str, trusted: bool) -> None:
    error = HandlerError("ValueError: a\nb", message="a\nb", exception="ValueError")
    record = error_record(error, media_type, trusted).decode()
    if media_type == SSE:
        event, data, *ends = record.split("\n")
        assert (event, ends) == ("event: error", ["", ""])
        problem = json.loads(data.removeprefix("data: "))
    else:
        assert record.count("\n") == 1
        problem = json.loads(record)["error"]
    assert (problem["code"], problem["status"]) == ("handler-error", 500)
    assert ("message" in problem) is trusted
