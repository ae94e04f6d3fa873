"""Replays a trace under a policy and counts: pure arithmetic, no instance is started."""

from __future__ import annotations

import heapq
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
    """Keeps idle functions, named by their number in the trace."""

    def used(self, number: int, now: float) -> bool:
        """A function is called; whether there was an instance."""

    def rested(self, number: int, now: float) -> None:
        """Its instance is idle now."""

    def resting_bytes(self) -> int:
        """Memory of all idle ones."""


def replay_cached(trace: Trace, cache: Cache) -> Outcome:
    """A policy under a budget, by which each function bears on all others."""
    outcome = Outcome(trace, cold=[0.0] * len(trace.functions))
    busy_until: dict[int, float] = {}
    ends: list[tuple[float, int]] = []
    before = 0.0

    def end_until(now: float) -> None:
        nonlocal before
        while True:
            nxt = getattr(cache, "next_ahead", lambda: float("inf"))()
            e = ends[0][0] if ends else float("inf")
            if min(nxt, e) > now:
                break
            if nxt < e:
                outcome.idle_byte_seconds += cache.resting_bytes() * (nxt - before)
                before = nxt
                cache.start_ahead()
                outcome.ahead = cache.ahead
                continue
            time, number = heapq.heappop(ends)
            if time < busy_until[number]:
                continue  # it was called again meanwhile
            outcome.idle_byte_seconds += cache.resting_bytes() * (time - before)
            before = time
            del busy_until[number]
            cache.rested(number, time)

    for now, number in _events(trace.functions):
        end_until(now)
        outcome.idle_byte_seconds += cache.resting_bytes() * (now - before)
        before = now
        function = trace.functions[number]
        if number in busy_until:
            busy_until[number] += function.execution_seconds
        else:
            outcome.cold[number] += not cache.used(number, now)
            busy_until[number] = now + function.execution_seconds
        heapq.heappush(ends, (busy_until[number], number))
    end_until(trace.seconds)
    outcome.idle_byte_seconds += cache.resting_bytes() * (trace.seconds - before)
    return outcome


def _events(functions: Sequence[Function]) -> Iterator[tuple[float, int]]:
    times = np.concatenate([function.times for function in functions])
    numbers = np.repeat(np.arange(len(functions)), [len(function.times) for function in functions])
    order = np.lexsort((numbers, times))
    return zip(times[order].tolist(), numbers[order].tolist(), strict=True)


class WorthCache:
    """The gateway's own policy."""

    def __init__(self, functions: Sequence[Function], budget_bytes: int) -> None:
        self._functions = functions
        self._policy = KeepAlive(budget_bytes)
        self._demands = [Demand() for _ in functions]
        self._resting: dict[int, Resting] = {}
        self._bytes = 0
        self._ahead: list[tuple[float, int]] = []
        self._busy: set[int] = set()
        self.ahead = 0

    def resting_bytes(self) -> int:
        """See ``Cache``."""
        return self._bytes

    def next_ahead(self) -> float:
        return self._ahead[0][0] if self._ahead else float("inf")

    def start_ahead(self) -> None:
        now, number = heapq.heappop(self._ahead)
        if number in self._busy or number in self._resting:
            return
        demand, function = self._demands[number], self._functions[number]
        one = Resting(function.memory_bytes, function.start_seconds, demand.last_used, demand)
        if demand.last_used + demand.quiet_seconds > now + 1:
            return
        if self._policy.admits(one, self._resting.values(), now):
            self.ahead += 1
            self._resting[number] = one
            self._bytes += one.size_bytes
            self._trim(now)

    def used(self, number: int, now: float) -> bool:
        """See ``Cache``."""
        self._busy.add(number)
        demand, one = self._demands[number], self._resting.pop(number, None)
        last_used = demand.last_used if one is None else one.idle_since
        if last_used is not None:
            demand.record(now - last_used)
        if one is not None:
            self._bytes -= one.size_bytes
        return one is not None

    def rested(self, number: int, now: float) -> None:
        """See ``Cache``."""
        self._busy.discard(number)
        function = self._functions[number]
        one = Resting(function.memory_bytes, function.start_seconds, now, self._demands[number])
        self._resting[number] = one
        self._bytes += one.size_bytes
        self._trim(now)

    def _trim(self, now: float) -> None:
        if self._bytes <= self._policy.budget_bytes:
            return
        dropped = {id(one) for one in self._policy.surplus(self._resting.values(), now)}
        for number, one in list(self._resting.items()):
            if id(one) in dropped:
                one.demand.last_used = one.idle_since
                due = one.idle_since + one.demand.quiet_seconds
                if due > now:
                    heapq.heappush(self._ahead, (due, number))
                self._bytes -= one.size_bytes
                del self._resting[number]


class GreedyDualCache:
    """FaasCache's policy."""

    def __init__(self, functions: Sequence[Function], budget_bytes: int) -> None:
        self._functions = functions
        self._budget_bytes = budget_bytes
        self._policy = GreedyDual(budget_bytes)
        self._resting: dict[int, int] = {}
        self._bytes = 0

    def resting_bytes(self) -> int:
        """See ``Cache``."""
        return self._bytes

    def used(self, number: int, now: float) -> bool:  # noqa: ARG002 - its clock is another
        """See ``Cache``."""
        function = self._functions[number]
        self._policy.used(number, function.start_seconds, function.memory_bytes)
        size = self._resting.pop(number, None)
        self._bytes -= size or 0
        return size is not None

    def rested(self, number: int, now: float) -> None:  # noqa: ARG002
        """See ``Cache``."""
        self._resting[number] = self._functions[number].memory_bytes
        self._bytes += self._resting[number]
        if self._bytes > self._budget_bytes:
            for dropped in self._policy.surplus(self._resting, sum):
                self._bytes -= self._resting.pop(dropped)
