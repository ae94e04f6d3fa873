"""Frames between the gateway and an instance.

A frame is a fixed prefix (network order: kind ``u8``, slot ``u16``, header length ``u32``, body length
``u32``), a JSON object as header and an opaque body. A *slot* is one worker of the instance and runs one
call at a time. The container's side of this contract is ``runtime/frames.py``, which can't import this
file; a test holds the two together. What an instance sends is untrusted: ``FrameReader`` refuses what is
over its bounds before it is buffered.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import orjson

from jupyter_faas.model.arguments import Buffer

__all__ = ["PROTOCOL_VERSION", "Frame", "FrameError", "FrameReader", "Kind", "encode_frame", "frame_of"]

PROTOCOL_VERSION: Final = 2
PREFIX: Final = struct.Struct(">BHII")
MAX_HEADER_BYTES: Final = 256 * 1024
JOINED_BYTES: Final = 64 * 1024
"""Frames up to this size are sent as one piece: a copy costs less than a second system call."""


class Kind(IntEnum):
    """What a frame says; ARCHITECTURE.md lists the header of each."""

    AUTH = 5  # gateway → instance, TCP only: {"secret"}
    INIT = 1  # gateway → instance: environment, number of workers, bounds
    CALL = 2  # gateway → instance: run the body (a JSON object of arguments) in this slot
    KILL = 3  # gateway → instance: end this slot's call and all that it started
    STOP = 4  # gateway → instance: end
    LINE = 6  # gateway → instance: the descriptor that comes along is the slot's own connection
    PREPARE = 8  # gateway → instance, instead of INIT: import this, and wait for the function
    HELLO = 16  # instance → gateway: the supervisor is up
    READY = 17  # instance → gateway: this slot's worker has imported the function
    FAILED = 18  # instance → gateway: this slot's worker could not be started
    LOG = 19  # instance → gateway: JSON lines that the slot's call wrote
    RESULT = 20  # instance → gateway: how the slot's call ended
    CHUNK = 21  # instance → gateway: a piece of the slot's result, before its RESULT
    PREPARED = 24  # instance → gateway: it waits; INIT may follow
    TEMPLATE = 32  # template → supervisor, within an instance: workers can be forked from it
    FORKED = 33  # template → supervisor, within an instance: a worker was forked
    PROGRESS = 34  # worker → supervisor, within an instance: how far the call has come


class FrameError(ValueError):
    """The peer sent something that is no frame, or one over the bounds."""


class Frame(NamedTuple):
    """One message."""

    kind: Kind
    slot: int
    header: dict[str, Any]
    body: bytes


def encode_frame(kind: Kind, slot: int = 0, header: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    encoded = orjson.dumps(header) if header else b"{}"
    return PREFIX.pack(kind, slot, len(encoded), len(body)) + encoded + body


def frame_of(kind: Kind, slot: int, header: dict[str, Any], body: Sequence[Buffer]) -> list[Buffer]:
    """The pieces of one frame, of which large ones are not copied."""
    encoded = orjson.dumps(header)
    length = sum(map(len, body))
    pieces = [PREFIX.pack(kind, slot, len(encoded), length) + encoded, *body]
    return [b"".join(pieces)] if length <= JOINED_BYTES else pieces


class FrameReader:
    """Turns received bytes into frames, refusing bodies over ``max_body_bytes``."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> Iterator[Frame]:
        """The frames completed by ``data``; raises ``FrameError`` and is unusable afterwards."""
        if not self._buffer and len(data) >= PREFIX.size and len(data) == self._length(data):
            yield _frame(memoryview(data))  # as nearly always: one, and whole
            return
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            length = self._length(self._buffer)
            if len(self._buffer) < length:
                return
            with memoryview(self._buffer) as view, view[:length] as whole:
                frame = _frame(whole)
            del self._buffer[:length]
            yield frame

    def _length(self, data: Buffer) -> int:
        """The length of the frame that begins ``data``."""
        _, _, header_length, body_length = PREFIX.unpack_from(data)
        if header_length > MAX_HEADER_BYTES or body_length > self._max_body_bytes:
            raise FrameError(f"a frame with a header of {header_length} and a body of {body_length} bytes")
        return PREFIX.size + int(header_length) + int(body_length)


def _frame(data: memoryview) -> Frame:
    """The frame that ``data`` is."""
    kind, slot, header_length, _ = PREFIX.unpack_from(data)
    body = PREFIX.size + header_length
    try:
        with data[PREFIX.size : body] as encoded:
            header = orjson.loads(encoded)
        if not isinstance(header, dict):
            raise FrameError("a frame whose header is no JSON object")
        return Frame(_KINDS[kind], slot, header, bytes(data[body:]))
    except (ValueError, KeyError) as error:
        raise FrameError(f"an unreadable frame: {error}") from error


_KINDS: Final = {int(kind): kind for kind in Kind}
