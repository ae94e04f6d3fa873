"""A caller's connection: what it saves, and what holds all the same."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_faas.gateway.http.connection import DROPPED_BYTES, RECEIVE_BYTES, WATCHED_BYTES
from tests.unit.gateway.http.served import Request, Served, received, send, until

BODY = b"12345678"
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n" + BODY
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def encoded(body: bytes, chunk: int) -> bytes:
    """A request with this body: by its length, or in chunks of some size."""
    if not chunk:
        return b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), len(body), body)
    pieces = [body[start : start + chunk] for start in range(0, len(body), chunk)]
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = b"POST /%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n" % len(body)
    return head + chunks + b"0\r\nTrailer: dropped\r\n\r\n"


@given(
    st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 50)), min_size=1, max_size=5),
    st.lists(st.integers(1, 400), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_requests_are_the_same_however_they_come(requests: list[tuple[bytes, int]], sizes: list[int]) -> None:
    """Sent ahead, and in pieces that end anywhere."""
    data = b"".join(encoded(body, chunk) for body, chunk in requests)

    async def check() -> list[tuple[str, str, bytes]]:
        served = Served()
        async with served.caller() as caller:
            rest = data
            for size in sizes:
                await send(caller, rest[:size])
                rest = rest[size:]
                await asyncio.sleep(0.001)
            await send(caller, rest)
            assert await received(caller, len(ANSWER) * len(requests)) == ANSWER * len(requests)
        return [request.told for request in served.asked]

    assert asyncio.run(check()) == [("POST", f"/{len(body)}", body) for body, _ in requests]


def test_requests_cost_no_change_of_what_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: list[str] = []

    async def check() -> None:
        served = Served(at_once=False)
        async with served.caller() as caller:
            for number in range(20):
                await send(caller, REQUEST)
                await until(lambda: served.waiting)
                if number == 0:
                    for name in ("_add_reader", "_remove_reader", "_add_writer", "_remove_writer"):
                        _count(monkeypatch, name, served.asked[0], changes)
                served.waiting.pop().answer()
                assert await received(caller, len(ANSWER)) == ANSWER
            assert not changes
        assert [request.body for request in served.asked] == [BODY] * 20

    asyncio.run(check())


def _count(monkeypatch: pytest.MonkeyPatch, name: str, request: Request, changes: list[str]) -> None:
    loop = asyncio.get_running_loop()
    method = getattr(loop, name)
    watched = request.connection._transport.get_extra_info("socket").fileno()

    def call(descriptor: int, *rest: Any) -> Any:
        if descriptor == watched:
            changes.append(name)
        return method(descriptor, *rest)

    monkeypatch.setattr(loop, name, call)


@pytest.mark.parametrize("size", [0, 1, WATCHED_BYTES])
def test_a_caller_who_goes_away_is_noticed_while_the_call_runs(size: int) -> None:
    """Also one who has begun with the next request."""

    async def check() -> None:
        served = Served(at_once=False)
        async with served.caller() as caller:
            await send(caller, REQUEST)
            await until(lambda: served.asked)
            await send(caller, b"x" * size)
            await until(lambda: len(served.asked[0].connection._buffer) >= size)
            assert not served.asked[0].gone
            caller.close()
            await until(lambda: served.asked[0].gone)

    asyncio.run(check())


def test_a_caller_who_goes_away_while_sending_is_noticed() -> None:
    async def check() -> None:
        served = Served()
        async with served.caller() as caller:
            await send(caller, REQUEST[:-3])
            await until(lambda: served.begun)
            caller.close()
            await until(lambda: served.begun[0].gone)
        assert not served.asked

    asyncio.run(check())


def test_what_nobody_has_asked_for_is_bounded() -> None:
    async def check() -> int:
        served = Served(at_once=False)
        async with served.caller() as caller:
            await send(caller, REQUEST)
            await until(lambda: served.asked)
            flood, sent = memoryview(b"POST / HTTP/1.1\r\n" + b"x" * 30_000_000), 0
            for _ in range(300):
                with contextlib.suppress(BlockingIOError):
                    sent += caller.send(flood[sent:])
                await asyncio.sleep(0)
            return len(served.asked[0].connection._buffer)

    assert 0 < asyncio.run(check()) <= WATCHED_BYTES + RECEIVE_BYTES


def test_a_body_is_read_as_fast_as_it_is_taken() -> None:
    class Slow(Request):
        def take(self, piece: bytes) -> Awaitable[None]:
            super().take(piece)
            return self.pause()

        async def pause(self) -> None:
            await asyncio.sleep(0.001)
            assert len(self.connection._buffer) <= WATCHED_BYTES + RECEIVE_BYTES

    async def check() -> None:
        served = Served(request=Slow)
        async with served.caller() as caller:
            await send(caller, encoded(b"x" * 3_000_000, 0))
            assert await received(caller, len(ANSWER)) == ANSWER
        assert len(served.asked[0].body) == 3_000_000

    asyncio.run(check())


def test_who_sends_ahead_and_reads_no_answers_is_not_answered_on() -> None:
    class Large(Request):
        def finish(self) -> None:
            self.served.asked.append(self)
            self.answer(b"x" * 1_000_000)

    async def check() -> None:
        served = Served(request=Large)
        async with served.caller() as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await send(caller, REQUEST * 100)
            await until(lambda: served.asked and served.asked[-1].connection._sending is not None)
            await asyncio.sleep(0.05)  # long enough for all of them, if nobody waited
            assert len(served.asked) < 20

    asyncio.run(check())


def test_a_body_that_is_not_wanted_is_dropped_and_the_answer_comes() -> None:
    class Refusing(Request):
        def begin(self) -> None:
            super().begin()
            self.answer(b"no")

    async def check() -> bytes:
        served = Served(request=Refusing)
        async with served.caller() as caller:
            await send(caller, encoded(b"x" * 5_000_000, 0))
            return await received(caller)

    assert asyncio.run(check()) == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"


def test_who_sends_on_and_on_after_the_answer_is_hung_up_on() -> None:
    async def check() -> int:
        served, sent, piece = Served(), 0, b"x" * 100_000
        async with served.caller() as caller:
            await send(caller, b"POST / HTTP/9\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while sent < 10 * DROPPED_BYTES:
                    await send(caller, piece)
                    sent += len(piece)
        return sent

    assert asyncio.run(check()) < 5 * DROPPED_BYTES


@pytest.mark.parametrize("late", [b"", BODY])
def test_who_asks_before_sending_a_body_is_told_to_go_on(late: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n"

    async def check() -> bytes:
        served = Served()
        async with served.caller() as caller:
            await send(caller, head + BODY[len(late) :])
            go_on = await received(caller, 25) if late else b""
            await send(caller, late)
            assert await received(caller, len(ANSWER)) == ANSWER
            return go_on

    assert asyncio.run(check()) == (b"HTTP/1.1 100 Continue\r\n\r\n" if late else b"")


@pytest.mark.parametrize(
    ("version", "field", "says", "stays"),
    [
        (b"1.1", b"", b"", True),
        (b"1.1", b"Connection: close\r\n", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"", True),
        (b"1.0", b"", b"Connection: close\r\n", False),
        (b"1.0", b"Connection: keep-alive\r\n", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_a_connection_stays_open_if_both_want_that(
    version: bytes, field: bytes, says: bytes, stays: bool
) -> None:
    request = b"GET / HTTP/" + version + b"\r\nHost: x\r\n" + field + b"\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + says + b"\r\nok"

    async def check() -> bytes:
        served = Served()
        async with served.caller() as caller:
            await send(caller, request + request)
            return await received(caller, 2 * len(answer) if stays else None)

    assert asyncio.run(check()) == answer * (2 if stays else 1)


def test_what_a_receiver_raises_ends_its_connection_alone() -> None:
    class Failing(Request):
        def finish(self) -> None:
            raise RuntimeError("a defect")

    async def check() -> bytes:
        served = Served(request=Failing)
        async with served.caller() as caller:
            await send(caller, REQUEST)
            return await received(caller)

    assert asyncio.run(check()) == b""


def test_a_line_break_in_a_field_is_never_sent() -> None:
    class Splitting(Request):
        def answer(self, body: bytes = b"ok") -> None:
            self.exchange.send(200, ["X: a\r\nSet-Cookie: b"], body)

    async def check() -> bytes:
        served = Served(request=Splitting)
        async with served.caller() as caller:
            await send(caller, REQUEST)
            return await received(caller)

    assert asyncio.run(check()) == b""
