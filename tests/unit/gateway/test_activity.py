"""The last hour of functions: counted by pieces of two minutes, and forgotten again."""

from __future__ import annotations

import pytest

from jupyter_faas.gateway.service import activity as module
from jupyter_faas.gateway.service.activity import HOUR_SECONDS, SLOT_SECONDS, Activity
from jupyter_faas.gateway.store.records import InvocationRecord

NOW = 1_800_000_000.0 - 1_800_000_000.0 % SLOT_SECONDS


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def call(started: float, ms: float = 10.0, code: str | None = None, function: str = "f") -> InvocationRecord:
    status = 200 if code is None else 500
    return InvocationRecord(
        "i",
        function,
        1,
        started,
        status=status,
        code=code,
        queue_ms=ms / 2,
        run_ms=ms / 2,
        peak_bytes=int(ms),
    )


def test_calls_are_counted_where_they_began() -> None:
    activity = Activity(Clock())
    activity.count([call(NOW), call(NOW + 1, code="timeout"), call(NOW - SLOT_SECONDS)])
    told = activity.of("f")
    assert (told["calls"], told["errors"]) == (3, 1)
    assert [slot["calls"] for slot in told["slots"][-3:]] == [0, 1, 2]
    assert [slot["errors"] for slot in told["slots"][-2:]] == [0, 1]
    assert told["slots"][-1]["begun"] == "2027-01-15T08:00:00.000Z"
    assert activity.hours()["f"]["series"] == {"calls": [0] * 28 + [1, 2], "errors": [0] * 29 + [1]}


def test_times_are_right_within_five_percent() -> None:
    activity = Activity(Clock())
    activity.count([call(NOW, ms) for ms in range(1, 201)])
    told = activity.of("f")
    assert told["p50_ms"] == pytest.approx(100, rel=0.06)
    assert told["p99_ms"] == pytest.approx(198, rel=0.06)
    assert told["peak_bytes"] == 200


def test_an_hour_later_all_is_forgotten() -> None:
    clock = Clock()
    activity = Activity(clock)
    activity.count([call(NOW)])
    clock.now += HOUR_SECONDS - SLOT_SECONDS
    assert activity.of("f")["slots"][0]["calls"] == 1
    clock.now += SLOT_SECONDS
    assert activity.hours() == {}
    assert (activity.of("f")["calls"], activity.of("f")["p50_ms"]) == (0, None)


def test_a_call_of_long_ago_is_put_in_its_place() -> None:
    activity = Activity(Clock())
    activity.count([call(NOW), call(NOW - 3 * SLOT_SECONDS), call(NOW - SLOT_SECONDS)])
    assert [slot["calls"] for slot in activity.of("f")["slots"][-4:]] == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("codes", "failing"),
    [
        ([None, "x", "x"], False),
        ([None, "x", "x", "x"], True),
        (["x"], True),
        (["x", "x", "x", None], False),
    ],
)
def test_what_fails_again_and_again_is_failing(codes: list[str | None], failing: bool) -> None:
    activity = Activity(Clock())
    activity.count([call(NOW, code=code) for code in codes])
    assert activity.hours()["f"]["failing"] is failing


def test_functions_called_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FUNCTIONS", 2)
    activity = Activity(Clock())
    activity.count([call(NOW, function=name) for name in ("a", "b", "a", "c")])
    assert sorted(activity.hours()) == ["a", "c"]
    activity.forget("a")
    assert sorted(activity.hours()) == ["c"]
