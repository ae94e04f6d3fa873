"""The policy of keep-alive, by its properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.keep_alive import Demand, KeepAlive, Resting

MB = 10**6
MINUTE = 60.0
GAPS = st.lists(st.floats(0, 1e6), max_size=20)


def demand_of(*gaps: float) -> Demand:
    demand = Demand()
    for gap in gaps:
        demand.record(gap)
    return demand


@st.composite
def instances(draw: st.DrawFn) -> Resting:
    return Resting(
        size_bytes=draw(st.integers(1, 1000)),
        start_seconds=draw(st.floats(0, 100)),
        idle_since=draw(st.floats(-1e6, 0)),
        demand=demand_of(*draw(GAPS)),
        protected=draw(st.booleans()),
    )


def total(resting: list[Resting]) -> int:
    return sum(one.size_bytes for one in resting)


@given(st.lists(instances(), max_size=12), st.integers(0, 3000))
def test_it_is_over_budget_only_if_nothing_else_can_be_dropped(resting: list[Resting], budget: int) -> None:
    dropped = KeepAlive(budget).surplus(resting, 0.0)
    gone = {id(one) for one in dropped}
    kept = [one for one in resting if id(one) not in gone]
    assert len(gone) == len(dropped)
    assert total(kept) <= budget or all(one.protected for one in kept)


@given(st.lists(instances(), max_size=12), st.integers(0, 3000))
def test_nothing_protected_is_dropped_and_nothing_without_need(resting: list[Resting], budget: int) -> None:
    dropped = KeepAlive(budget).surplus(resting, 0.0)
    assert not any(one.protected for one in dropped)
    if dropped:
        assert total(resting) - total(dropped[:-1]) > budget, "without the last one it was too much still"


@given(st.lists(instances(), max_size=12), st.integers(0, 3000))
def test_the_least_worth_goes_first(resting: list[Resting], budget: int) -> None:
    dropped = KeepAlive(budget).surplus(resting, 0.0)
    gone = {id(one) for one in dropped}
    worths = [one.worth(0.0) for one in dropped]
    kept = [one.worth(0.0) for one in resting if id(one) not in gone and not one.protected]
    assert worths == sorted(worths)
    assert not worths or not kept or worths[-1] <= min(kept)


@given(GAPS, st.floats(0, 1e7))
def test_worth_is_finite_and_grows_with_the_start_and_falls_with_the_size(
    gaps: list[float], idle: float
) -> None:
    demand = demand_of(*gaps)
    plain, costly, large = (
        Resting(size, start, -idle, demand) for size, start in ((100, 1.0), (100, 2.0), (200, 1.0))
    )
    worth = plain.worth(0.0)
    assert 0 <= worth < 1
    assert costly.worth(0.0) == pytest.approx(2 * worth)
    assert large.worth(0.0) == pytest.approx(worth / 2)


def test_what_is_called_more_often_is_worth_more() -> None:
    often, seldom = demand_of(*[10.0] * 5), demand_of(*[3600.0] * 5)
    assert often.rate(5.0) > 10 * seldom.rate(5.0)


def test_what_has_outlasted_its_idle_times_is_worth_less() -> None:
    demand = demand_of(*[10.0] * 20)
    assert demand.rate(5.0) > 10 * demand.rate(60.0)


def test_an_unknown_function_is_worth_less_the_longer_it_is_idle() -> None:
    rates = [Demand().rate(seconds) for seconds in (1, 60, 3600, 86400)]
    assert rates == sorted(rates, reverse=True)


def test_new_habits_are_learned() -> None:
    demand = demand_of(*[3600.0] * 50, *[30.0] * 100)
    assert demand.rate(20.0) > 10 * demand.rate(60.0)


@pytest.mark.parametrize("gaps", [[], [3600.0] * 3, [20.0] * 50, [20.0] * 10 + [3600.0] * 10])
def test_idle_times_that_tell_nothing_make_no_quiet_time(gaps: list[float]) -> None:
    assert demand_of(*gaps).quiet_seconds == 0.0


def test_a_timer_makes_a_quiet_time_at_whose_end_it_is_worth_most() -> None:
    demand = demand_of(*[3600.0] * 5)
    assert 0.75 * 3600 < demand.quiet_seconds <= 3600
    one = Resting(100 * MB, 1.0, 0.0, demand)
    assert one.worth(10 * MINUTE) == 0.0
    assert one.worth(10 * MINUTE, ahead=False) > 0.0
    assert one.worth(demand.quiet_seconds) > 0.0


def test_an_instance_is_started_ahead_only_where_it_displaces_what_is_worth_less() -> None:
    timer = demand_of(*[3600.0] * 5)
    ahead = Resting(100 * MB, 1.0, 0.0, timer)
    now = timer.quiet_seconds
    forgotten = Resting(100 * MB, 1.0, now - 86400, Demand())
    popular = Resting(100 * MB, 1.0, now - 5, demand_of(*[10.0] * 20))
    policy = KeepAlive(100 * MB)
    assert policy.admits(ahead, [], now)
    assert policy.admits(ahead, [forgotten], now)
    assert not policy.admits(ahead, [popular], now)
    assert not KeepAlive(99 * MB).admits(ahead, [], now)
