"""Replays a trace under a policy and counts: pure arithmetic, no instance is started."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from jupyter_faas.gateway.dispatch.keep_alive import Demand, KeepAlive, Resting
from tests.benchmarks.policies import GreedyDual, WindowPolicy
from tests.benchmarks.traces import Function, Trace

__all__ = ["Cache", "GreedyDualCache", "Outcome", "WorthCache", "replay_cached", "replay_windows"]


@dataclass
class Outcome:
    """What came of a trace. A function has at most one instance here: calls that overlap share it."""

    trace: Trace
    cold: list[float] = field(default_factory=list)
    """Cold calls of each function."""
    idle_byte_seconds: float = 0.0
    ahead: int = 0
    """Starts ahead of a call."""

    @property
    def cold_share(self) -> float:
        """Cold calls among all."""
        return sum(self.cold) / max(1.0, sum(self._calls()))

    @property
    def cold_share_p75(self) -> float:
        """The share that three quarters of the functions are below: the measure of the paper."""
        shares = [cold / calls for cold, calls in zip(self.cold, self._calls(), strict=True) if calls]
        return float(np.percentile(shares, 75)) if shares else 0.0

    @property
    def waited_seconds(self) -> float:
        """Seconds of starting that callers waited for, in all."""
        return sum(
            cold * function.start_seconds
            for cold, function in zip(self.cold, self.trace.functions, strict=True)
        )

    @property
    def idle_gigabytes(self) -> float:
        """Memory of idle instances on average over the trace, GB."""
        return self.idle_byte_seconds / self.trace.seconds / 1e9

    def _calls(self) -> list[float]:
        return [len(function.times) * function.calls for function in self.trace.functions]


def replay_windows(trace: Trace, make: Callable[[], WindowPolicy]) -> Outcome:
    """A policy that looks at each function by itself."""
    outcome = Outcome(trace)
    for function in trace.functions:
        outcome.cold.append(_replay_function(function, make(), outcome))
    return outcome


def _replay_function(function: Function, policy: WindowPolicy, outcome: Outcome) -> float:
    cold, ended, windows = 0, None, None
    for time in [*function.times.tolist(), None]:
        if ended is None or windows is None:
            warm, idle = False, None
        else:
            until = outcome.trace.seconds if time is None else time
            idle = max(0.0, until - ended)
            kept = min(idle - windows.without, windows.keep)
            outcome.idle_byte_seconds += max(0.0, kept) * function.memory_bytes
            outcome.ahead += windows.without > 0 and kept > 0
            warm = until <= ended or windows.without <= idle <= windows.without + windows.keep
        if time is None:
            break
        cold += not warm
        if ended is not None and time < ended:
            ended += function.execution_seconds
            continue
        ended = time + function.execution_seconds
        windows = policy.windows(idle)
    return cold


class Cache(Protocol):
    """Keeps idle functions under a budget; each is named by its number in the trace."""

    resting_bytes: int
    """Memory of all idle ones."""
    started_ahead: int

    def used(self, number: int, now: float) -> bool:
        """A function is called; whether there was an instance."""

    def rested(self, number: int, now: float) -> None:
        """Its instance is idle now."""

    def next_ahead(self) -> float:
        """When ``start_ahead`` wants to be called next."""

    def start_ahead(self) -> None:
        """Start what was to be started then."""


def replay_cached(trace: Trace, cache: Cache) -> Outcome:
    """A policy by which each function bears on all others."""
    replay = _CachedReplay(trace, cache)
    for now, number in _events(trace.functions):
        replay.call(number, now)
    return replay.end()


class _CachedReplay:
    def __init__(self, trace: Trace, cache: Cache) -> None:
        self._outcome = Outcome(trace, cold=[0.0] * len(trace.functions))
        self._cache = cache
        self._busy_until: dict[int, float] = {}
        self._ends: list[tuple[float, int]] = []
        self._reached = 0.0

    def call(self, number: int, now: float) -> None:
        self._go_on_until(now)
        seconds = self._outcome.trace.functions[number].execution_seconds
        if number in self._busy_until:
            self._busy_until[number] += seconds
        else:
            self._outcome.cold[number] += not self._cache.used(number, now)
            self._busy_until[number] = now + seconds
        heapq.heappush(self._ends, (self._busy_until[number], number))

    def end(self) -> Outcome:
        self._go_on_until(self._outcome.trace.seconds)
        self._outcome.ahead = self._cache.started_ahead
        return self._outcome

    def _go_on_until(self, now: float) -> None:
        while True:
            ahead, end = self._cache.next_ahead(), self._ends[0][0] if self._ends else math.inf
            if min(ahead, end) > now:
                break
            self._pass_time(min(ahead, end))
            if ahead < end:
                self._cache.start_ahead()
            else:
                self._end_call()
        self._pass_time(now)

    def _end_call(self) -> None:
        time, number = heapq.heappop(self._ends)
        if time >= self._busy_until[number]:  # else it was called again meanwhile
            del self._busy_until[number]
            self._cache.rested(number, time)

    def _pass_time(self, until: float) -> None:
        self._outcome.idle_byte_seconds += self._cache.resting_bytes * (until - self._reached)
        self._reached = until


def _events(functions: Sequence[Function]) -> Iterator[tuple[float, int]]:
    times = np.concatenate([function.times for function in functions])
    numbers = np.repeat(np.arange(len(functions)), [len(function.times) for function in functions])
    order = np.lexsort((numbers, times))
    return zip(times[order].tolist(), numbers[order].tolist(), strict=True)


class WorthCache:
    """The gateway's own policy; ``ahead``: whether it may start instances ahead of a call."""

    def __init__(self, functions: Sequence[Function], budget_bytes: int, ahead: bool = True) -> None:
        self.resting_bytes = 0
        self.started_ahead = 0
        self._functions = functions
        self._policy = KeepAlive(budget_bytes, ahead)
        self._starts_ahead = ahead
        self._demands = [Demand() for _ in functions]
        self._resting: dict[int, Resting] = {}
        self._ahead: list[tuple[float, int, float]] = []

    def used(self, number: int, now: float) -> bool:
        """See ``Cache``."""
        demand, one = self._demands[number], self._resting.pop(number, None)
        last_used = demand.last_used if one is None else one.idle_since
        demand.last_used = None
        if last_used is not None:
            demand.record(now - last_used)
        if one is not None:
            self.resting_bytes -= one.size_bytes
        return one is not None

    def rested(self, number: int, now: float) -> None:
        """See ``Cache``."""
        self._add(number, self._instance(number, now), now)

    def next_ahead(self) -> float:
        """See ``Cache``."""
        return self._ahead[0][0] if self._ahead else math.inf

    def start_ahead(self) -> None:
        """See ``Cache``."""
        now, number, idle_since = heapq.heappop(self._ahead)
        if self._demands[number].last_used != idle_since or number in self._resting:
            return  # it was called meanwhile
        one = self._instance(number, idle_since)
        if self._policy.admits(one, self._resting.values(), now):
            self.started_ahead += 1
            self._add(number, one, now)

    def _instance(self, number: int, idle_since: float) -> Resting:
        function = self._functions[number]
        return Resting(function.memory_bytes, function.start_seconds, idle_since, self._demands[number])

    def _add(self, number: int, one: Resting, now: float) -> None:
        self._resting[number] = one
        self.resting_bytes += one.size_bytes
        if self.resting_bytes > self._policy.budget_bytes:
            dropped = {id(other) for other in self._policy.surplus(self._resting.values(), now)}
            for name, other in list(self._resting.items()):
                if id(other) in dropped:
                    self._drop(name, other, now)

    def _drop(self, number: int, one: Resting, now: float) -> None:
        one.demand.last_used = one.idle_since
        self.resting_bytes -= one.size_bytes
        del self._resting[number]
        due = one.idle_since + one.demand.quiet_seconds
        if self._starts_ahead and due > now:
            heapq.heappush(self._ahead, (due, number, one.idle_since))


class GreedyDualCache:
    """FaasCache's policy."""

    def __init__(self, functions: Sequence[Function], budget_bytes: int) -> None:
        self.resting_bytes = 0
        self.started_ahead = 0
        self._functions = functions
        self._budget_bytes = budget_bytes
        self._policy = GreedyDual()
        self._resting: dict[int, int] = {}

    def used(self, number: int, now: float) -> bool:  # noqa: ARG002 - its clock is another
        """See ``Cache``."""
        function = self._functions[number]
        self._policy.used(number, function.start_seconds / function.memory_bytes)
        size = self._resting.pop(number, None)
        self.resting_bytes -= size or 0
        return size is not None

    def rested(self, number: int, now: float) -> None:  # noqa: ARG002
        """See ``Cache``."""
        self._resting[number] = self._functions[number].memory_bytes
        self.resting_bytes += self._resting[number]
        while self.resting_bytes > self._budget_bytes:
            self.resting_bytes -= self._resting.pop(self._policy.drop(self._resting))

    def next_ahead(self) -> float:
        """See ``Cache``."""
        return math.inf

    def start_ahead(self) -> None:
        """See ``Cache``."""
