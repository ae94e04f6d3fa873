"""A call that is under way, as another thread may end it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Call", "Ongoing"]


class Ongoing:
    """Ending it hangs up, and then the gateway ends the call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._ended = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether somebody has ended it."""
        return self._ended.is_set()

    def uses(self, connection: socket.socket | None) -> None:
        """The connection that it uses from now on; ``None``: the answer is there."""
        with self._lock:
            self._socket = connection
            if self.ended:
                self._hang_up()

    def end(self) -> None:
        """Hang up, now or as soon as there is a connection."""
        with self._lock:
            self._ended.set()
            self._hang_up()

    def wait(self, seconds: float) -> bool:
        """Wait, at most until it is ended; whether it was."""
        return self._ended.wait(seconds)

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it was closed already
                self._socket.shutdown(socket.SHUT_RDWR)


Call = Callable[[Ongoing], Any]
"""Makes one call and gives its result."""
