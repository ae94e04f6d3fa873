"""Open connections on their way from one process to another (``SCM_RIGHTS``, unix(7))."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

__all__ = ["Passage"]


class Passage:
    """One end of a socket pair over which connections pass, one with each byte; ``take`` gets what comes.

    A receiver that doesn't keep up refuses more: ``give`` is false then.
    """

    def __init__(self, end: socket.socket, take: Callable[[socket.socket], None]) -> None:
        self._end = end
        self._take = take
        end.setblocking(False)
        asyncio.get_running_loop().add_reader(end, self._on_readable)

    def give(self, connection: socket.socket) -> bool:
        """Hand a connection over, and close it here; false if the other end doesn't take it now."""
        try:
            socket.send_fds(self._end, [b"c"], [connection.fileno()])
        except OSError:
            return False
        connection.close()
        return True

    def close(self) -> None:
        """Give and take no more."""
        asyncio.get_running_loop().remove_reader(self._end)
        self._end.close()

    def _on_readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._end, 1, 1)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, descriptors = b"", []
        for descriptor in descriptors:
            self._take(socket.socket(fileno=descriptor))
        if not data:  # the other end is gone, which the channel tells
            asyncio.get_running_loop().remove_reader(self._end)
