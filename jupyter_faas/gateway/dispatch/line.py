"""The gateway's end of a worker's own connection, on which calls go past the supervisor."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from jupyter_faas.model.arguments import Buffer
from jupyter_faas.model.wire import Frame, FrameError, FrameReader

__all__ = ["Line"]

RECEIVE_BYTES: Final = 64 * 1024
MAX_BUFFERS: Final = 64
"""Per ``sendmsg``; the kernel takes up to 1,024."""
_RECEIVED: Final = memoryview(bytearray(RECEIVE_BYTES))
"""All lines receive into the same memory: what has come is taken over before anything else happens."""


class Line:
    """Hands each frame to ``on_frame``; ``on_lost`` hears of the end, with the reason if the worker sent
    something that is no frame.

    It speaks with its socket itself: a transport would cost a call as much again as the system calls do.
    """

    def __init__(
        self,
        connection: socket.socket,
        max_body_bytes: int,
        on_frame: Callable[[Frame], None],
        on_lost: Callable[[Line, str | None], None],
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._descriptor = connection.fileno()
        self._reader = FrameReader(max_body_bytes)
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._unsent: deque[Buffer] = deque()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._frames = 0
        self._loop.add_reader(self._descriptor, self._read)

    def send(self, pieces: list[Buffer]) -> None:
        """Send a frame, or what the worker doesn't take at once later; dropped if the line is lost."""
        if self._closed:
            return
        waiting = bool(self._unsent)
        self._unsent.extend(pieces)
        if not waiting:
            self._write()
            if self._unsent:
                self._loop.add_writer(self._descriptor, self._write_on)

    def take(self) -> None:
        """Take in a frame, if a whole one has come so far: the last word of a worker that has ended.

        Whoever else writes here gets no more in than that, however fast.
        """
        seen = self._frames
        while self._frames == seen and self._read():
            pass

    def close(self) -> None:
        """Close it; nobody hears of that."""
        if not self._closed:
            self._closed = True
            self._unsent.clear()
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            self._connection.close()

    def _read(self) -> bool:
        """Read once; whether there may be more."""
        if self._closed:
            return False
        try:
            received = self._connection.recv_into(_RECEIVED)
        except BlockingIOError:
            return False
        except OSError:
            received = 0
        if not received:
            self._lose(None)
            return False
        try:
            for frame in self._reader.feed(_RECEIVED[:received]):
                self._frames += 1
                self._on_frame(frame)
        except FrameError as error:
            self._lose(str(error))
        return True

    def _write(self) -> None:
        """Once: a worker that reads as fast as we write doesn't keep the loop from others."""
        unsent = self._unsent
        try:
            if len(unsent) == 1:
                sent = self._connection.send(unsent[0])
            else:
                sent = self._connection.sendmsg([unsent[i] for i in range(min(len(unsent), MAX_BUFFERS))])
        except BlockingIOError:
            return
        except OSError:
            unsent.clear()  # what it has said before it ended may still be there to be read
            return
        while unsent and sent >= len(unsent[0]):
            sent -= len(unsent.popleft())
        if sent:
            unsent[0] = memoryview(unsent[0])[sent:]

    def _write_on(self) -> None:
        self._write()
        if not self._unsent:
            self._loop.remove_writer(self._descriptor)

    def _lose(self, fault: str | None) -> None:
        self.close()
        self._on_lost(self, fault)
