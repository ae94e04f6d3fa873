"""A moment that is set and lifted again and again, and hardly ever comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """Calls ``passed`` when the moment that was set has come, unless it was lifted before.

    Every call has a deadline, and a timer for each would have to be put among all others and taken out again.
    So the timer stays when the moment is lifted: it comes once, finds another moment, and waits for that.
    """

    __slots__ = ("_due", "_passed", "_timer")

    def __init__(self, passed: Callable[[], None]) -> None:
        self._passed = passed
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        """Set it to ``due``, on the event loop's clock."""
        self._due = due
        if self._timer is None or self._timer.when() > due:
            self._wait(due)

    def lift(self) -> None:
        """Nothing is due."""
        self._due = None

    def close(self) -> None:
        """The same, and there will be no other."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due, self._look)

    def _look(self) -> None:
        self._timer, due = None, self._due
        if due is None:
            return
        if asyncio.get_running_loop().time() < due:
            self._wait(due)
        else:
            self._due = None
            self._passed()
