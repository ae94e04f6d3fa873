"""A worker's own connection to the gateway: calls come in on it, and most results go out.

The supervisor has no part in such a call. A result that it has something to do with takes the way through
it: see ``plain``.
"""

from __future__ import annotations

import fcntl
import socket
import termios
import time

from . import streams
from .frames import RECEIVE_BYTES, FrameReader, Kind, encode_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .frames import Frame
    from .notes import Notes

OUTPUTS = (1, 2, streams.RECORDS)
NOTHING = bytes(4)
CALL_NUMBERS = 1 << 16
TOLD = ("ok", "type", "status", "headers", "usage")


class Line:
    """The worker's end, of the worker for ``slot``."""

    def __init__(self, descriptor: int, slot: int, notes: Notes, cpu_seconds: float) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._slot = slot
        self._notes = notes
        self._cpu_seconds = cpu_seconds
        self._output = 0
        self._number = 0  # of the call: what the gateway knows its result by

    def calls(self, max_bytes: int) -> Iterator[Frame]:
        """The calls that come in."""
        reader = FrameReader(max_bytes)
        while data := self._socket.recv(RECEIVE_BYTES):
            yield from reader.feed(data)

    def begin(self) -> None:
        """A call begins."""
        self._number = (self._number + 1) % CALL_NUMBERS
        self._output = self._notes.output(self._slot)
        self._notes.begin(self._slot, time.monotonic(), self._cpu_seconds)

    def end(self, cpu_seconds: float) -> None:
        """The call's result is sent; the worker has used so much so far."""
        self._cpu_seconds = cpu_seconds
        self._notes.end(self._slot)

    def plain(self, header: dict[str, Any]) -> bool:
        """Whether the supervisor has nothing to do with this result: the call succeeded without child
        processes and wrote nothing. What it wrote is still in the pipe, or the supervisor has noted (before
        it was read) that it has been there."""
        if not header["ok"] or header["leftovers"] or header.get("children"):
            return False
        try:
            empty = all(fcntl.ioctl(number, termios.FIONREAD, NOTHING) == NOTHING for number in OUTPUTS)
        except OSError:
            return False  # user code has put something else in a pipe's place
        return empty and self._notes.output(self._slot) == self._output

    def send(self, header: dict[str, Any], body: bytes) -> bool:
        """Send a plain result; false if it can't be, because user code has closed the line."""
        told = {name: header[name] for name in TOLD if name in header}
        try:
            self._socket.sendall(encode_frame(Kind.RESULT, self._number, told, body))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """This process is none that answers."""
        self._socket.close()
