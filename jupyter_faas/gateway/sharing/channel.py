"""Messages between the gateway and one of its entrances, over a socket pair that both have from the start.

A message is a fixed prefix (kind ``u8``, number ``u32``, header length ``u32``, body length ``u32``), a JSON
object as header and an opaque body. The *number* is that of a call or question, which the entrance gives.
Both ends are our own program: what is read is trusted.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple, cast

import orjson

from jupyter_faas.model.arguments import Buffer

__all__ = ["Channel", "Kind", "Message"]

PREFIX: Final = struct.Struct(">BIII")
RECEIVE_BYTES: Final = 256 * 1024
JOINED_BYTES: Final = 64 * 1024
"""Pieces up to this size are joined: a copy costs less than a system call."""


class Kind(IntEnum):
    """What a message says."""

    OPEN = 1  # gateway → entrance, first: address, token's hash, patience
    FOUND = 2  # gateway → entrance: the version that was asked for, its record as body
    MISSING = 3  # gateway → entrance: why there is none
    BEGUN = 4  # gateway → entrance: a call's result is a stream; its head
    CHUNK = 5  # gateway → entrance: a piece of it
    ENDED = 6  # gateway → entrance: how a call ended
    QUIT = 7  # gateway → entrance: write what is to be written, and end
    PING = 8  # gateway → entrance: does it still do anything?
    READY = 16  # entrance → gateway: it takes connections
    FIND = 17  # entrance → gateway: which version does a caller mean?
    CALL = 18  # entrance → gateway: run this version with the body
    CANCEL = 19  # entrance → gateway: the caller of a call has gone
    HELD = 20  # entrance → gateway: it holds a call's large result now, and counts it
    PONG = 21  # entrance → gateway: it does


class Message(NamedTuple):
    """One message."""

    kind: Kind
    number: int
    header: dict[str, Any]
    body: bytes | bytearray
    """Large ones are a ``bytearray``, which nobody else has."""


class Channel(asyncio.BufferedProtocol):
    """One end. ``take`` gets each message, ``lost`` hears of the end of the other.

    What is sent in one turn of the event loop leaves in one piece, so that under load a system call carries
    many messages.
    """

    def __init__(self, take: Callable[[Message], None], lost: Callable[[], None]) -> None:
        self._take = take
        self._lost = lost
        self._transport: asyncio.WriteTransport | None = None
        self._unsent: deque[Buffer] = deque()
        self._flushing = False
        self._paused = False
        self._received = memoryview(bytearray(RECEIVE_BYTES))
        self._buffer = bytearray()
        self._large: _Large | None = None

    @classmethod
    async def open(
        cls, end: socket.socket, take: Callable[[Message], None], lost: Callable[[], None]
    ) -> Channel:
        """A channel over one end of the pair, which it owns from then on."""
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_unix_connection(lambda: cls(take, lost), sock=end)
        return channel

    def send(
        self, kind: Kind, number: int = 0, header: dict[str, Any] | None = None, body: Sequence[Buffer] = ()
    ) -> None:
        """Queue a message; dropped if the other end is gone, which ``lost`` tells."""
        if self._transport is None:
            return
        encoded = orjson.dumps(header, default=str, option=orjson.OPT_NON_STR_KEYS) if header else b"{}"
        self._unsent.append(PREFIX.pack(kind, number, len(encoded), sum(map(len, body))) + encoded)
        self._unsent.extend(piece for piece in body if len(piece))
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def close(self) -> None:
        """Close it, once what was sent has left."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        self._flushing = False
        while self._unsent and not self._paused and self._transport is not None:
            piece = self._unsent.popleft()
            if len(piece) > JOINED_BYTES:
                # asyncio would copy what the socket doesn't take at once.
                self._unsent.appendleft(memoryview(piece)[JOINED_BYTES:])
                self._transport.write(memoryview(piece)[:JOINED_BYTES])
                continue
            joined, size = [piece], len(piece)
            while self._unsent and size + len(self._unsent[0]) <= JOINED_BYTES:
                size += len(self._unsent[0])
                joined.append(self._unsent.popleft())
            self._transport.write(joined[0] if len(joined) == 1 else b"".join(joined))

    # See ``asyncio.BufferedProtocol``

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def pause_writing(self) -> None:
        """The other end is slower than we are."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._paused = False
        self._flush()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where received bytes go."""
        return self._received if self._large is None else self._large.missing

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on each message that is complete."""
        if self._large is None:
            self._buffer += self._received[:nbytes]
            while (message := self._next()) is not None:
                self._take(message)
        elif self._large.received(nbytes):
            large, self._large = self._large, None
            self._take(large.message)

    def _next(self) -> Message | None:
        """The next message that has come whole; a large one is received where it stays."""
        buffer = self._buffer
        if len(buffer) < PREFIX.size:
            return None
        kind, number, header_length, body_length = PREFIX.unpack_from(buffer)
        body_start = PREFIX.size + header_length
        end = body_start + body_length
        if len(buffer) < (end if body_length <= RECEIVE_BYTES else body_start):
            return None
        with memoryview(buffer) as view:
            header = orjson.loads(view[PREFIX.size : body_start])
            body = bytes(view[body_start:end])
        del buffer[:end]
        message = Message(Kind(kind), number, header, body)
        if len(body) == body_length:
            return message
        self._large = _Large(message, body_length)
        return None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The other end is gone, or we have closed."""
        self._transport = None
        self._unsent.clear()
        self._lost()


class _Large:
    """A message with a large body, of which the beginning has come."""

    def __init__(self, begun: Message, length: int) -> None:
        self._body = bytearray(length)
        self._body[: len(begun.body)] = begun.body
        self._filled = len(begun.body)
        self.message = begun._replace(body=self._body)

    @property
    def missing(self) -> memoryview:
        """Where the rest goes."""
        return memoryview(self._body)[self._filled :]

    def received(self, size: int) -> bool:
        """So many bytes of it have come; whether that was all."""
        self._filled += size
        return self._filled == len(self._body)
