"""The gateway's end of the connection to an instance."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from jupyter_faas.model.arguments import Buffer
from jupyter_faas.model.wire import Frame, FrameError, FrameReader

__all__ = ["Link"]

PIECE_BYTES: Final = 256 * 1024
"""What a transport is given at a time of a large frame: it copies what the peer doesn't take at once."""


RECEIVE_BYTES: Final = 64 * 1024


class Link(asyncio.BufferedProtocol):
    """Parses frames as they arrive and hands each to ``on_frame``; ``on_lost`` hears of the end, with
    the reason if the instance sent something that is no frame.

    It is a buffered protocol because asyncio allots 256 KB for each read of any other, which costs more
    than all else that is done for a frame.
    """

    def __init__(
        self,
        max_body_bytes: int,
        on_frame: Callable[[Frame], None],
        on_lost: Callable[[str | None], None],
    ) -> None:
        self._reader = FrameReader(max_body_bytes)
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._connected: socket.socket | None = None
        self._unsent: deque[memoryview] = deque()
        self._paused = False
        self._fault: str | None = None
        self._received = memoryview(bytearray(RECEIVE_BYTES))

    @classmethod
    async def open(
        cls,
        connected: socket.socket,
        max_body_bytes: int,
        on_frame: Callable[[Frame], None],
        on_lost: Callable[[str | None], None],
    ) -> Link:
        """A link over a connected socket, which it owns from then on."""
        loop = asyncio.get_running_loop()
        link = cls(max_body_bytes, on_frame, on_lost)
        link._connected = connected
        if connected.family == socket.AF_UNIX:
            await loop.create_unix_connection(lambda: link, sock=connected)
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.create_connection(lambda: link, sock=connected)
        return link

    def send(self, *pieces: Buffer) -> None:
        """Queue an encoded frame; dropped if the connection is gone, which ``on_lost`` tells."""
        if self._transport is None:
            return
        if len(pieces) == 1 and not self._unsent:
            self._transport.write(pieces[0])
        else:
            self._unsent.extend(memoryview(piece) for piece in pieces)
            self._write_on()

    def send_descriptor(self, frame: bytes, descriptor: int) -> bool:
        """Send a small frame with a copy of a descriptor; whether it has left, else nothing was sent."""
        if self._transport is None or self._connected is None or self._unsent:
            return False
        if self._transport.get_write_buffer_size():
            return False
        try:
            return socket.send_fds(self._connected, [frame], [descriptor]) == len(frame)
        except OSError:
            return False

    def pause_writing(self) -> None:
        """See ``asyncio.BaseProtocol``."""
        self._paused = True

    def resume_writing(self) -> None:
        """See ``asyncio.BaseProtocol``."""
        self._paused = False
        self._write_on()

    def _write_on(self) -> None:
        while self._unsent and not self._paused and self._transport is not None:
            piece = self._unsent.popleft()
            self._transport.write(piece[:PIECE_BYTES])
            if len(piece) > PIECE_BYTES:
                self._unsent.appendleft(piece[PIECE_BYTES:])

    def close(self) -> None:
        """Close the connection; the instance ends when it notices."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.BaseProtocol``."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """See ``asyncio.BufferedProtocol``."""
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        """See ``asyncio.BufferedProtocol``."""
        try:
            for frame in self._reader.feed(self._received[:nbytes]):
                self._on_frame(frame)
        except FrameError as error:
            self._fault = str(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See ``asyncio.BaseProtocol``."""
        self._transport = None
        self._unsent.clear()
        self._on_lost(self._fault)
