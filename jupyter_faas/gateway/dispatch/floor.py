"""The instances that a version always has (``--min-instances``)."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from jupyter_faas.gateway.dispatch.instance import Instance, Target

__all__ = ["Floor", "Provisioned"]

FIRST_PAUSE_SECONDS: Final = 1.0
MOST_PAUSE_SECONDS: Final = 60.0
SOUND_SECONDS: Final = 30.0
"""An instance that has run for so long had no fault in its start: the next is started at once."""


class Provisioned(Protocol):
    """The pool, as far as its floor needs it."""

    target: Target

    @property
    def living(self) -> int:
        """How many instances there are that have not ended."""

    def start_missing(self, number: int) -> None:
        """Start so many, behind the scenes."""


class Floor:
    """Starts what is missing: at once, and after starts that failed with pauses of up to a minute."""

    def __init__(self, pool: Provisioned) -> None:
        self.kept = False
        """Whether the floor is being kept; from ``keep`` to ``close``."""
        self.closed = False
        self._pool = pool
        self._pause_seconds = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def keep(self) -> None:
        """Start what is missing, now and from now on."""
        self.kept = self._pool.target.caps.min_instances > 0 and not self.closed
        if self.kept:
            self._fill()

    def lost(self, instance: Instance) -> None:
        """An instance has ended."""
        if not self.kept:
            return
        loop = asyncio.get_running_loop()
        if instance.started_at and loop.time() - instance.started_at >= SOUND_SECONDS:
            self._pause_seconds = 0.0
        if self._timer is None:
            self._timer = loop.call_later(self._pause_seconds, self._fill)
            self._pause_seconds = min(MOST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds))

    def close(self) -> None:
        """Start nothing any more."""
        self.kept = False
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _fill(self) -> None:
        self._timer = None
        if self.kept:
            self._pool.start_missing(self._pool.target.caps.min_instances - self._pool.living)
