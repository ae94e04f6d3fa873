"""Which idle instances are worth their memory. Pure: it has no clock, starts nothing and ends nothing.

Keeping an instance is caching its start, and so the one to drop first is the one with the least frequency x
start cost / size, as in GreedyDual-Size-Frequency (Cherkasova, HPL-98-69R1, 1998; for functions: Fuerst and
Sharma, "FaasCache", ASPLOS 2021). How often it will be called is read from how long a version's earlier idle
times were, as in the histogram policy of Shahrad et al., "Serverless in the Wild", USENIX ATC 2020: an
instance that is idle for ten minutes and was never called again after more than five isn't worth what it was.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

__all__ = ["Demand", "KeepAlive", "Resting"]

_RATIO: Final = 1.25
_LONGEST_SECONDS: Final = 14 * 86400.0
_BINS: Final = math.ceil(math.log(_LONGEST_SECONDS) / math.log(_RATIO)) + 1
_EDGES: Final = (0.0, *(_RATIO**number for number in range(_BINS)))
_WIDTHS: Final = tuple(high - low for low, high in pairwise(_EDGES))
_PRIOR: Final = 2.0 / (_BINS + 1)
"""What a version that has never been called again is taken for: two idle times, as likely a second as a day
long (call rates spread over eight orders of magnitude), or without an end."""
_MEMORY: Final = 0.98
"""What an idle time counts less with each later one: the last fifty make the picture."""

_ENOUGH: Final = 3.5
"""Idle times after which they are believed to tell when no call comes."""
_HEAD: Final = 0.05
"""Share of the idle times that may be shorter than the quiet time; from the histogram policy."""
_SHORTEST_QUIET_SECONDS: Final = 300.0
"""A shorter time isn't worth ending an instance and starting the next."""


class Demand:
    """How long the idle times of a version have been, in bins each a quarter longer than the one before."""

    def __init__(self) -> None:
        self.last_used: float | None = None
        """When an instance last came to rest that has been dropped since; ``None`` while none has."""
        self._counts = array("d", [_PRIOR]) * _BINS
        self._rates: array[float] | None = None
        self._quiet = 0.0

    def record(self, seconds: float) -> None:
        """An idle time has ended with a call."""
        self._counts = array("d", (_PRIOR + (count - _PRIOR) * _MEMORY for count in self._counts))
        self._counts[_bin(seconds)] += 1
        self._rates = None
        self._quiet = _quiet_seconds(self._counts)

    @property
    def quiet_seconds(self) -> float:
        """How long no call is to be expected; 0 where the idle times don't tell."""
        return self._quiet

    def rate(self, idle_seconds: float) -> float:
        """Calls per second of further keeping, after this idle time: of all spans that one could still wait,
        for the one with the most calls for its expected length (the index of Gittins, 1979)."""
        if self._rates is None:
            self._rates = _best_rates(self._counts)
        return self._rates[_bin(idle_seconds)]


@dataclass(slots=True)
class Resting:
    """An idle instance: ``start_seconds`` is what the next start would take."""

    size_bytes: int
    start_seconds: float
    idle_since: float
    """Seconds on the clock of ``now``."""
    demand: Demand = field(repr=False)
    protected: bool = False
    """Whether it is promised to be there: it takes its part of the budget, and is never dropped."""

    def worth(self, now: float, ahead: bool = True) -> float:
        """Seconds of starting that a second of keeping saves on average, per byte.

        While no call is to be expected that is nothing, if the next instance is started ``ahead`` of it.
        """
        idle = max(0.0, now - self.idle_since)
        if ahead and idle < self.demand.quiet_seconds:
            return 0.0
        rate = self.demand.rate(idle)
        return rate * self.start_seconds / max(1, self.size_bytes)


class KeepAlive:
    """Keeps what is worth most within ``budget_bytes``. ``ahead``: whether an instance is started before a
    call that is to be expected."""

    def __init__(self, budget_bytes: int, ahead: bool = True) -> None:
        self.budget_bytes = budget_bytes
        self._ahead = ahead

    def surplus(self, resting: Iterable[Resting], now: float) -> list[Resting]:
        """What to drop so that the rest fits into the budget, the least worth first."""
        every = list(resting)
        excess = sum(one.size_bytes for one in every) - self.budget_bytes
        if excess <= 0:
            return []
        dropped = []
        heap = [
            (one.worth(now, self._ahead), number) for number, one in enumerate(every) if not one.protected
        ]
        heapq.heapify(heap)
        while excess > 0 and heap:
            one = every[heapq.heappop(heap)[1]]
            dropped.append(one)
            excess -= one.size_bytes
        return dropped

    def admits(self, ahead: Resting, resting: Iterable[Resting], now: float) -> bool:
        """Whether an instance started now, ahead of a call, would be worth more than what it displaces."""
        return all(one is not ahead for one in self.surplus([*resting, ahead], now))


def _quiet_seconds(counts: array[float]) -> float:
    recorded = [count - _PRIOR for count in counts]
    total = sum(recorded)
    if total < _ENOUGH:
        return 0.0
    passed = accumulate(recorded)
    head = next(number for number, count in enumerate(passed) if count > _HEAD * total)
    return _EDGES[head] if _EDGES[head] >= _SHORTEST_QUIET_SECONDS else 0.0


def _bin(seconds: float) -> int:
    if seconds < 1.0:
        return 0
    return min(_BINS - 1, 1 + int(math.log(seconds) / math.log(_RATIO)))


def _best_rates(counts: array[float]) -> array[float]:
    """For each bin: the most calls per expected second over the spans that begin with it.

    A span of bins has the sum of its counts, over its widths each weighed by how many idle times get there.
    From the last bin to the first, a bin takes in the spans behind it as long as they raise its average.
    """
    rates = array("d", [0.0]) * _BINS
    spans: list[tuple[float, float]] = []
    reaching = _PRIOR  # those without an end
    for number in range(_BINS - 1, -1, -1):
        calls = counts[number]
        seconds = _WIDTHS[number] * (reaching + calls / 2)
        reaching += calls
        while spans and spans[-1][0] * seconds > calls * spans[-1][1]:
            more_calls, more_seconds = spans.pop()
            calls += more_calls
            seconds += more_seconds
        spans.append((calls, seconds))
        rates[number] = calls / seconds
    return rates
