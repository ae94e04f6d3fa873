"""The simulator of keep-alive, on traces that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.policies import FixedTimer, GreedyDual, HybridHistogram, Windows
from tests.benchmarks.replay import GreedyDualCache, WorthCache, replay_cached, replay_windows
from tests.benchmarks.traces import Function, Trace, draw

MB = 10**6


def function_of(*times: float, size: int = 100, start: float = 1.0, run: float = 10.0) -> Function:
    return Function(np.array(times, float), 1.0, run, size * MB, start)


def test_a_fixed_timer() -> None:
    # Runs to 10, is called at 60 (idle for 50: warm), runs to 70, is called at 200 (idle for 130: cold).
    trace = Trace([function_of(0, 60, 200)], 400.0)
    outcome = replay_windows(trace, lambda: FixedTimer(100))
    assert outcome.cold == [2]
    assert outcome.idle_byte_seconds == (50 + 100 + 100) * 100 * MB
    assert outcome.waited_seconds == 2.0
    assert outcome.cold_share == pytest.approx(2 / 3)


def test_calls_that_overlap_share_an_instance() -> None:
    trace = Trace([function_of(0, 5, 19)], 100.0)
    for outcome in (
        replay_windows(trace, lambda: FixedTimer(1000)),
        replay_cached(trace, WorthCache(trace.functions, 1000 * MB)),
        replay_cached(trace, GreedyDualCache(trace.functions, 1000 * MB)),
    ):
        assert outcome.cold == [1]
        assert outcome.idle_byte_seconds == 70 * 100 * MB


class Late:
    """Unloads for a minute, then keeps for a minute."""

    def windows(self, idle_seconds: float | None) -> Windows:  # noqa: ARG002
        return Windows(60.0, 60.0)


def test_an_instance_started_ahead_of_its_call() -> None:
    # Idle for 30 (too early: cold), for 90 (warm, loaded for 30), for 150 (too late: cold, loaded for 60).
    trace = Trace([function_of(0, 40, 140, 300)], 320.0)
    outcome = replay_windows(trace, Late)
    assert outcome.cold == [3]
    assert outcome.ahead == 2
    assert outcome.idle_byte_seconds == (30 + 60) * 100 * MB


def test_a_budget_for_one_keeps_the_one_that_starts_slowly() -> None:
    slow, quick = function_of(0, 100, start=5.0), function_of(1, 101, start=0.5)
    trace = Trace([slow, quick], 200.0)
    outcome = replay_cached(trace, WorthCache(trace.functions, 100 * MB))
    assert outcome.cold == [1, 2]
    assert outcome.waited_seconds == 5.0 + 2 * 0.5
    # The slow one is idle from 10 to 100 and from 110 to 200; the quick one never.
    assert outcome.idle_byte_seconds == 180 * 100 * MB


def test_a_budget_for_all_drops_none_and_one_for_nothing_all() -> None:
    trace = draw(seed=7, functions=8, days=0.5)
    called = [float(len(function.times) > 0) for function in trace.functions]
    everything = sum(function.memory_bytes for function in trace.functions)
    assert replay_cached(trace, WorthCache(trace.functions, everything)).cold == called
    nothing = replay_cached(trace, WorthCache(trace.functions, 0))
    assert nothing.idle_byte_seconds == 0
    assert nothing.cold_share > 0.2


def test_two_timers_take_turns_in_memory_for_one() -> None:
    hour = 3600.0
    timers = [function_of(*np.arange(begin, 24 * hour, hour), run=1.0) for begin in (0, hour / 2)]
    trace = Trace(timers, 24 * hour)
    ahead = replay_cached(trace, WorthCache(timers, 100 * MB))
    without = replay_cached(trace, WorthCache(timers, 100 * MB, ahead=False))
    assert sum(without.cold) > 24
    assert without.ahead == 0
    assert sum(ahead.cold) <= 12, "their periods are known after four idle times"
    assert ahead.ahead > 30
    assert ahead.idle_byte_seconds <= 100 * MB * trace.seconds


def test_greedy_dual_ages_what_is_not_used() -> None:
    policy = GreedyDual()
    for _ in range(3):
        policy.used(1, 1.0)
    policy.used(2, 1.0)
    assert policy.drop([1, 2]) == 2
    policy.used(2, 1.0)
    policy.used(2, 1.0)
    policy.used(2, 1.0)
    assert policy.drop([1, 2]) == 1, "as many uses, and all of them before the clock moved"


def test_the_hybrid_histogram_waits_for_what_comes_hourly() -> None:
    policy = HybridHistogram()
    assert policy.windows(None) == Windows(0.0, 4 * 3600.0)
    for _ in range(20):
        windows = policy.windows(3630.0)
    assert windows.without == pytest.approx(0.9 * 3600)
    assert windows.without + windows.keep == pytest.approx(1.1 * 3660)
    for _ in range(30):
        windows = policy.windows(10 * 3600.0)
    assert windows.without == pytest.approx(0.85 * 36000)
    assert windows.keep == pytest.approx(0.3 * 36000)


def test_a_trace_has_the_published_distributions() -> None:
    trace = draw(seed=1, functions=3000, days=1.0)
    calls = np.array([len(one.times) * one.calls for one in trace.functions])
    assert 0.40 < np.mean(calls <= 24) < 0.52
    assert 0.76 < np.mean(calls <= 1440) < 0.88
    assert calls[calls > 1440].sum() / calls.sum() > 0.98
    memory = np.array([one.memory_bytes for one in trace.functions]) / MB
    assert 120 < np.median(memory) < 160
    same = draw(seed=1, functions=3000, days=1.0)
    assert all(
        np.array_equal(one.times, other.times)
        for one, other in zip(trace.functions, same.functions, strict=True)
    )
