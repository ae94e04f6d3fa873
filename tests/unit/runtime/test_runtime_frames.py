"""``runtime/frames.py`` and ``jupyter_faas/model/wire.py`` speak the same format."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.model import wire
from runtime import frames

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([kind.value for kind in wire.Kind]),
        st.integers(0, 65535),
        st.dictionaries(TEXT, VALUES, max_size=4),
        st.binary(max_size=200),
    ),
    max_size=5,
)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    points = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[points[i] : points[i + 1]] for i in range(len(points) - 1)]


def test_the_kinds_and_bounds_are_the_same() -> None:
    assert {kind.name: kind.value for kind in wire.Kind} == {kind.name: kind.value for kind in frames.Kind}
    assert wire.PREFIX.format == frames.PREFIX.format
    assert wire.MAX_HEADER_BYTES == frames.MAX_HEADER_BYTES
    assert wire.PROTOCOL_VERSION == frames.PROTOCOL_VERSION


@given(MESSAGES, st.lists(st.integers(0, 2000), max_size=8))
def test_the_runtime_reads_what_the_gateway_writes(messages: list[Any], cuts: list[int]) -> None:
    data = b"".join(
        wire.encode_frame(wire.Kind(kind), slot, head, body) for kind, slot, head, body in messages
    )
    reader = frames.FrameReader(200)
    got = [frame for part in split(data, cuts) for frame in reader.feed(part)]
    assert [(frame.kind, frame.slot, frame.header, frame.body) for frame in got] == messages


@given(MESSAGES, st.lists(st.integers(0, 2000), max_size=8))
def test_the_gateway_reads_what_the_runtime_writes(messages: list[Any], cuts: list[int]) -> None:
    data = b"".join(frames.encode_frame(*message) for message in messages)
    reader = wire.FrameReader(200)
    got = [frame for part in split(data, cuts) for frame in reader.feed(part)]
    assert [tuple(frame) for frame in got] == messages


@given(st.binary(max_size=400))
def test_garbage_is_refused_with_the_declared_error(data: bytes) -> None:
    try:
        list(frames.FrameReader(100).feed(data))
    except frames.FrameError:
        return


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000, b'{"a": ' + b"9" * 10_000 + b"}"],
)
def test_headers_that_are_none_are_refused(header: bytes) -> None:
    data = frames.PREFIX.pack(frames.Kind.LOG, 0, len(header), 0) + header
    (frame,) = frames.FrameReader(100).feed(data)
    with pytest.raises(frames.FrameError):
        frame.header  # noqa: B018 - it is read when it is asked for


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(frames.FrameError):
        list(frames.FrameReader(100).feed(frames.PREFIX.pack(99, 0, 2, 0) + b"{}"))


@pytest.mark.parametrize(("header", "body"), [(256 * 1024 + 1, 0), (2, 101)])
def test_frames_over_the_bounds_are_refused_before_they_are_there(header: int, body: int) -> None:
    with pytest.raises(frames.FrameError):
        list(frames.FrameReader(100).feed(frames.PREFIX.pack(frames.Kind.LOG, 0, header, body)))


def test_lone_surrogates_do_not_break_a_header() -> None:
    data = frames.encode_frame(frames.Kind.FAILED, 0, {"detail": "no file \udcff"})
    (frame,) = wire.FrameReader(0).feed(data)
    assert frame.header == {"detail": "no file ?"}


def test_a_channel_sends_big_frames_as_the_peer_takes_them() -> None:
    one, other = socket.socketpair()
    sender, receiver = frames.Channel(one, 10**8), frames.Channel(other, 10**8)
    body = bytes(range(256)) * 40_000
    sender.send(frames.Kind.CALL, 3, {"id": "x"}, body)
    sender.send(frames.Kind.KILL, 3)
    waiting = [sender.unsent]
    got: list[frames.Frame] = []
    while len(got) < 2:
        got += receiver.receive()
        sender.flush()
    assert [frame.kind for frame in got] == [frames.Kind.CALL, frames.Kind.KILL]
    assert got[0].body == body
    assert [*waiting, sender.unsent] == [True, False]
    sender.close()
    assert receiver.receive() == []
    receiver.send(frames.Kind.KILL)  # nobody is there any more, which is no error
    assert receiver.ended
    receiver.close()
