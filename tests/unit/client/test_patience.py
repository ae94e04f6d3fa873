"""What is tried again, how often, and what never is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_faas.client.ongoing import Ongoing
from jupyter_faas.client.patience import CallOptions, patiently
from jupyter_faas.model.errors import (
    Crashed,
    Draining,
    FaasError,
    GatewayUnavailable,
    HandlerError,
    InvocationTimeout,
    Saturated,
)


def refusing(*errors: FaasError) -> tuple[Callable[[], str], list[float]]:
    """An attempt that fails with each of the errors, then gives "done"; and when it was made."""
    left, made = list(errors), []

    def attempt() -> str:
        made.append(time.monotonic())
        if left:
            raise left.pop(0)
        return "done"

    return attempt, made


def nobody_there() -> FaasError:
    error = GatewayUnavailable("nobody")
    error.__cause__ = ConnectionRefusedError()
    return error


@pytest.mark.parametrize(
    "error", [Saturated("full", queued=3, retry_after_seconds=0.01), Draining("ends"), nobody_there()]
)
def test_what_was_not_begun_is_tried_again(error: FaasError) -> None:
    attempt, made = refusing(error)
    assert patiently(attempt, CallOptions(patience_seconds=5)) == "done"
    assert len(made) == 2


@pytest.mark.parametrize(
    "error",
    [
        GatewayUnavailable("broke off"),
        Crashed("gone"),
        HandlerError("raised"),
        InvocationTimeout("too long", phase="run"),
        Saturated("lost", has_run=True),
    ],
)
def test_what_may_have_run_is_not(error: FaasError) -> None:
    attempt, made = refusing(error)
    with pytest.raises(type(error)):
        patiently(attempt, CallOptions(patience_seconds=60))
    assert len(made) == 1


@pytest.mark.parametrize(
    "error", [GatewayUnavailable("broke off"), Crashed("x"), Saturated("lost", has_run=True)]
)
def test_but_where_it_does_no_harm(error: FaasError) -> None:
    attempt, made = refusing(error)
    assert patiently(attempt, CallOptions(patience_seconds=5, idempotent=True)) == "done"
    assert len(made) == 2


def test_by_itself_nothing_is() -> None:
    attempt, made = refusing(Saturated("full", retry_after_seconds=0.01))
    with pytest.raises(Saturated):
        patiently(attempt, CallOptions())
    assert len(made) == 1


def test_retry_after_is_waited_for_and_no_longer_than_the_patience() -> None:
    attempt, made = refusing(Saturated("full", retry_after_seconds=0.4))
    assert patiently(attempt, CallOptions(patience_seconds=5)) == "done"
    assert made[1] - made[0] >= 0.4
    attempt, made = refusing(Saturated("full", retry_after_seconds=30))
    begun = time.monotonic()
    with pytest.raises(Saturated):
        patiently(attempt, CallOptions(patience_seconds=2))
    assert time.monotonic() - begun < 1


def test_a_call_that_is_ended_waits_no_longer() -> None:
    attempt, _ = refusing(Saturated("full", retry_after_seconds=30))
    ongoing = Ongoing()
    threading.Timer(0.2, ongoing.end).start()
    with pytest.raises(Saturated):
        patiently(attempt, CallOptions(patience_seconds=60), ongoing)
    assert ongoing.ended


@pytest.mark.parametrize("options", [{"timeout_seconds": 0}, {"patience_seconds": -1}])
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        CallOptions(**options)
