"""The gateway's end of a worker's line, whose other end belongs to user code."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.line import Line
from jupyter_faas.model.wire import MAX_HEADER_BYTES, PREFIX, Frame, FrameError, Kind, encode_frame

MOST_BODY = 1000
WITHIN_SECONDS = 15.0
FRAMES = st.lists(
    st.tuples(
        st.sampled_from([Kind.RESULT, Kind.CHUNK]),
        st.integers(0, 65535),
        st.dictionaries(st.text(max_size=5), st.integers(-5, 5), max_size=3),
        st.binary(max_size=MOST_BODY),
    ),
    max_size=6,
)


class Heard:
    """What a line tells its owner."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.lost: list[str | None] = []

    def on_lost(self, line: Line, fault: str | None) -> None:
        del line
        self.lost.append(fault)


@asynccontextmanager
async def line_to(
    heard: Heard, on_frame: Callable[[Frame], Any] | None = None
) -> AsyncIterator[tuple[Line, socket.socket]]:
    """A line, and the worker's end of it."""
    ours, theirs = socket.socketpair()
    line = Line(ours, MOST_BODY, on_frame or heard.frames.append, heard.on_lost)
    with theirs:
        yield line, theirs
    line.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds():
            await asyncio.sleep(0)


@given(FRAMES, st.lists(st.integers(1, 400), max_size=20))
def test_frames_arrive_whole_however_they_are_cut(
    sent: list[tuple[Kind, int, dict[str, Any], bytes]], cuts: list[int]
) -> None:
    data = b"".join(encode_frame(*frame) for frame in sent)

    async def received() -> list[Frame]:
        heard, rest = Heard(), data
        async with line_to(heard) as (_, theirs):
            for cut in [*cuts, len(data)]:
                theirs.send(rest[:cut])
                rest = rest[cut:]
                await asyncio.sleep(0)
            await until(lambda: len(heard.frames) >= len(sent))
            assert not heard.lost
        return heard.frames

    assert asyncio.run(received()) == [Frame(*frame) for frame in sent]


@given(st.binary(min_size=PREFIX.size, max_size=2000))
def test_garbage_is_refused_or_waited_for_and_never_more(data: bytes) -> None:
    """No bytes make the line raise or hold more than its bounds; after the first fault it is closed."""

    async def check() -> None:
        heard = Heard()
        async with line_to(heard) as (_, theirs):
            theirs.send(data)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            _, _, header, body = PREFIX.unpack_from(data)
            if header > MAX_HEADER_BYTES or body > MOST_BODY:
                assert len(heard.lost) == 1
                assert heard.lost[0]
            if heard.lost:
                assert theirs.recv(1) == b"", "the worker hears of it"

    asyncio.run(check())


@pytest.mark.parametrize("reset", [False, True])
def test_the_end_of_the_worker_is_told_once(reset: bool) -> None:
    async def check() -> list[str | None]:
        heard = Heard()
        async with line_to(heard) as (line, theirs):
            if reset:
                line.send([b"never read"])  # the worker's end then is a reset
            theirs.close()
            await until(lambda: heard.lost)
            line.send([b"more"])
            line.take()
            await asyncio.sleep(0)
        return heard.lost

    assert asyncio.run(check()) == [None]


def test_a_frame_that_its_owner_refuses_ends_the_line() -> None:
    def refuse(_: Frame) -> None:
        raise FrameError("a frame out of turn")

    async def check() -> list[str | None]:
        heard = Heard()
        async with line_to(heard, refuse) as (_, theirs):
            theirs.send(encode_frame(Kind.RESULT) * 3)
            await until(lambda: heard.lost)
        return heard.lost

    assert asyncio.run(check()) == ["a frame out of turn"]


def test_a_call_larger_than_the_socket_takes_arrives_in_order() -> None:
    pieces = [bytes([number]) * 300_000 for number in range(20)]

    async def check() -> bytes:
        received = bytearray()
        async with line_to(Heard()) as (line, theirs):
            theirs.setblocking(False)
            line.send(list(pieces[:10]))
            line.send(list(pieces[10:]))
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(WITHIN_SECONDS):
                while len(received) < 20 * 300_000:
                    received += await loop.sock_recv(theirs, 1 << 20)
        return bytes(received)

    assert asyncio.run(check()) == b"".join(pieces)


def test_the_last_word_is_one_frame_at_most() -> None:
    """Somebody who got hold of a dead worker's end, and writes as fast as we read, gets no more in."""

    async def check() -> int:
        heard = Heard()
        async with line_to(heard) as (line, theirs):
            going = threading.Event()

            def write_on() -> None:
                while not going.is_set():
                    try:
                        theirs.send(encode_frame(Kind.RESULT, 1, {}, b"x" * 100))
                    except OSError:
                        return

            writer = threading.Thread(target=write_on)
            writer.start()
            while not heard.frames:
                line.take()
            seen = len(heard.frames)
            line.close()
            going.set()
            writer.join()
            await asyncio.sleep(0)
            assert len(heard.frames) == seen
        return len(heard.lost)

    assert asyncio.run(check()) == 0


def test_taking_the_last_word_waits_for_nothing() -> None:
    async def check() -> list[Frame]:
        heard = Heard()
        async with line_to(heard) as (line, theirs):
            line.take()
            theirs.send(encode_frame(Kind.RESULT, 1, {"ok": True}, b"whole") + b"\x14")
            line.take()
            line.take()
        return heard.frames

    assert asyncio.run(check()) == [Frame(Kind.RESULT, 1, {"ok": True}, b"whole")]
