"""What two readers could understand differently is no request: nothing of it reaches a receiver."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.http.served import Served, received, send

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

HEADS = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "the same length twice": b"Content-Length: 5\r\nContent-Length: 5\r\n",
    "a list of lengths": b"Content-Length: 5, 5\r\n",
    "a length with a sign": b"Content-Length: +5\r\n",
    "a negative length": b"Content-Length: -5\r\n",
    "a hexadecimal length": b"Content-Length: 0x5\r\n",
    "a length with a space in it": b"Content-Length: 1 5\r\n",
    "no length": b"Content-Length: \r\n",
    "a length beyond all": b"Content-Length: 99999999999999999999999\r\n",
    "another coding": b"Transfer-Encoding: gzip\r\n",
    "another coding before chunks": b"Transfer-Encoding: gzip, chunked\r\n",
    "another coding after chunks": b"Transfer-Encoding: chunked, identity\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "almost chunks": b"Transfer-Encoding: xchunked\r\n",
    "chunks after a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n",
    "chunks after a folded line": b"Transfer-Encoding:\r\n chunked\r\n",
    "a folded line": b"X: a\r\n b\r\n",
    "a folded line by tab": b"X: a\r\n\tb\r\n",
    "a bare line feed": b"X: a\nContent-Length: 5\r\n",
    "a bare carriage return": b"X: a\rContent-Length: 5\r\n",
    "a space before the colon": b"Content-Length : 5\r\n",
    "a name that is none": b"Content Length: 5\r\n",
    "no name": b": 5\r\n",
    "no colon": b"Content-Length\r\n",
    "a zero byte": b"X: a\0b\r\n",
    "a control character": b"X: a\x01b\r\n",
    "two hosts": b"Host: y\r\n",
}
LINES = {
    "a bare line feed after the line": b"GET / HTTP/1.1\nHost: x\r\n\r\n",
    "no version": b"GET /\r\nHost: x\r\n\r\n",
    "an older version": b"GET / HTTP/0.9\r\nHost: x\r\n\r\n",
    "a newer version": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another protocol": b"OPTIONS * RTSP/1.0\r\nHost: x\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts in one": b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "no host's name": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}
CHUNKS = {
    "a size that is none": b"x\r\nabc\r\n0\r\n\r\n",
    "a size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "a negative size": b"-3\r\nabc\r\n0\r\n\r\n",
    "a size with a prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size with underscores": b"0_3\r\nabc\r\n0\r\n\r\n",
    "a space before a size": b" 3\r\nabc\r\n0\r\n\r\n",
    "a space after a size": b"3 \r\nabc\r\n0\r\n\r\n",
    "a size beyond all": b"fffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "a bare line feed after a size": b"3\nabc\r\n0\r\n\r\n",
    "a bare line feed after a chunk": b"3\r\nabc\n0\r\n\r\n",
    "more than the size": b"3\r\nabcd\r\n0\r\n\r\n",
    "an endless extension": b"3;" + b"x" * 300,
    "a trailer that is none": b"0\r\nno field\r\n\r\n",
    "endless trailers": b"0\r\n" + b"X: y\r\n" * 50 + b"\r\n",
}


def refused(data: bytes, begun: int = 0) -> bytes:
    """The status of the one answer, after which the server hangs up."""

    async def check() -> bytes:
        served = Served()
        async with served.caller() as caller:
            await send(caller, data + SMUGGLED)
            answer = await received(caller)
        assert len(served.begun) == begun
        assert not served.asked
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"Connection: close" in answer
        return answer.split()[1]

    return asyncio.run(check())


@pytest.mark.parametrize("fields", HEADS.values(), ids=HEADS.keys())
def test_fields(fields: bytes) -> None:
    assert refused(b"POST /a HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\nabcde") == b"400"


@pytest.mark.parametrize("head", LINES.values(), ids=LINES.keys())
def test_lines(head: bytes) -> None:
    assert refused(head) == b"400"


@pytest.mark.parametrize("body", CHUNKS.values(), ids=CHUNKS.keys())
def test_chunks(body: bytes) -> None:
    assert refused(CHUNKED + body, begun=1) == b"400"


def test_no_proxy() -> None:
    assert refused(b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n") == b"405"


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000])
def test_heads_without_an_end(head: bytes) -> None:
    assert refused(head) == b"431"


REQUESTS = [
    SMUGGLED,
    CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"0",
    b"3",
    b",",
    b":",
    b"\0",
    b"chunked",
    b"Content-Length: 3\r\n",
    b"\xff",
]


@given(
    st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3).map(b"".join),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from(PIECES)), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_answered_or_waited_for(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    """Requests in which something was replaced: as many answers as requests, then perhaps a refusal."""
    for at, length, piece in changes:
        data = data[:at] + piece + data[at + length :]

    async def check() -> None:
        served = Served()
        async with served.caller() as caller:
            await send(caller, data)
            caller.shutdown(1)
            answers = await received(caller)
        refusals = answers.count(b"HTTP/1.1 4")
        assert answers.count(b"HTTP/1.1 200") == len(served.asked)
        assert refusals <= 1
        assert len(served.asked) <= 3

    asyncio.run(check())
