"""A caller's connection: Tornado's stream, less what it does over and over for each request."""

from __future__ import annotations

import socket
from typing import Final

from tornado.iostream import IOStream

__all__ = ["CallerStream"]

WATCHED_BYTES: Final = 4096
"""So much that nobody has asked for yet doesn't keep the stream from watching for more, or for the end."""


class CallerStream(IOStream):
    """Small answers are sent at once, always: Tornado switches that on and off with each.

    Tornado stops watching the socket when more has come than was asked for, as the body with its head has,
    and begins again when the body is taken. While there is little of it, this one goes on watching. As with
    Tornado, one piece (64 KB) at a time is read that nobody has asked for, and none on top of that.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self._settled = False  # whether all that there was to read has been
        super().set_nodelay(True)

    def set_nodelay(self, value: bool) -> None:
        """It stays as it is."""

    def reading(self) -> bool:
        """Whether to watch for more."""
        return super().reading() or (self._settled and 0 < self._read_buffer_size <= WATCHED_BYTES)

    def _handle_read(self) -> None:
        self._settled = False  # reading goes by what was asked for
        super()._handle_read()
        self._settled = True
