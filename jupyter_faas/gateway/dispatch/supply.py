"""How many prewarmed sandboxes should wait. Pure: it has no clock and starts nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

__all__ = ["Supply", "allotted"]

BURST_SECONDS: Final = 10.0
"""How long replacing what was taken may take: so many are kept as were once wanted within this time."""
RECENT_SECONDS: Final = 600.0
UNUSED_SECONDS: Final = 6 * 3600.0
"""After so long without a first call nothing waits any more."""
MOST: Final = 4

P = TypeVar("P", bound=Hashable)


class Supply:
    """What is known of the demand for one pattern."""

    def __init__(self) -> None:
        self.last_asked = float("-inf")
        self._asked: deque[float] = deque(maxlen=64)

    def ask(self, now: float) -> None:
        """Somebody wants one."""
        self.last_asked = now
        self._asked.append(now)

    def wanted(self, now: float) -> int:
        """How many should wait: the most that were wanted at once of late, at least one; none in the end."""
        if now - self.last_asked >= UNUSED_SECONDS:
            return 0
        recent = [at for at in self._asked if now - at < RECENT_SECONDS]
        most = max((sum(begin <= at < begin + BURST_SECONDS for at in recent) for begin in recent), default=0)
        return min(MOST, max(1, most))


def allotted(
    supplies: Mapping[P, Supply], bytes_each: Mapping[P, int], budget_bytes: int, now: float
) -> dict[P, int]:
    """How many of each pattern there may be within the budget: one of each before a second of any, those
    that were asked for last before others."""
    order = sorted(supplies, key=lambda pattern: -supplies[pattern].last_asked)
    wanted = {pattern: supplies[pattern].wanted(now) for pattern in order}
    given = dict.fromkeys(order, 0)
    left = budget_bytes
    for number in range(1, MOST + 1):
        for pattern in order:
            if wanted[pattern] >= number and bytes_each[pattern] <= left:
                given[pattern] = number
                left -= bytes_each[pattern]
    return given
