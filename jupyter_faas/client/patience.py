"""How long to wait for an answer, and what is tried again.

Calling twice may do something twice. So by itself a call is sent once, and what is tried again is what was
surely not begun: calls that the gateway refused because too many wait (429) or because it is about to end
(503 ``draining``), and calls that found nobody at the address. Whoever says ``idempotent`` says that it does
no harm, and then broken connections and crashes are tried again as well.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from jupyter_faas.client.ongoing import Ongoing
from jupyter_faas.model.errors import (
    Crashed,
    Draining,
    EngineUnavailable,
    FaasError,
    GatewayUnavailable,
    Saturated,
)

__all__ = ["CALL_SECONDS", "CallOptions", "patiently"]

CALL_SECONDS: Final = 2 * 3600.0
"""Longer than the caps allow one call to take: the gateway ends it, and says why."""
FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0

T = TypeVar("T")


@dataclass(frozen=True)
class CallOptions:
    """``timeout_seconds`` bounds the wait for an answer, and for each further piece of it; for
    ``patience_seconds`` what may be tried again is."""

    timeout_seconds: float = CALL_SECONDS
    patience_seconds: float = 0.0
    idempotent: bool = False

    def __post_init__(self) -> None:
        if self.timeout_seconds <= 0:
            raise ValueError(f"timeout_seconds={self.timeout_seconds} leaves no time: give more than 0")
        if self.patience_seconds < 0:
            raise ValueError(f"patience_seconds={self.patience_seconds} is less than none: give 0 or more")


def patiently(attempt: Callable[[], T], options: CallOptions, ongoing: Ongoing | None = None) -> T:
    """What ``attempt`` gives, tried as often as ``options`` allow; raises its last error.

    ``Retry-After`` is honoured; other pauses double from a quarter of a second to 15 s.
    """
    until = time.monotonic() + options.patience_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return attempt()
        except FaasError as error:
            wait = _asked_for(error) or pause
            wait *= random.uniform(1, 1.25)  # noqa: S311 - so that not all come back at once
            if not _may_be_tried_again(error, options) or time.monotonic() + wait > until:
                raise
            if _pause(wait, ongoing):
                raise
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _may_be_tried_again(error: FaasError, options: CallOptions) -> bool:
    if isinstance(error, Saturated):
        return options.idempotent or not error.figures.get("has_run")
    if isinstance(error, Draining) or isinstance(error.__cause__, ConnectionRefusedError):
        return True
    return options.idempotent and isinstance(error, GatewayUnavailable | EngineUnavailable | Crashed)


def _asked_for(error: FaasError) -> float:
    """The ``Retry-After`` of an answer, in seconds; 0 without."""
    seconds = error.figures.get("retry_after_seconds")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 0.0


def _pause(seconds: float, ongoing: Ongoing | None) -> bool:
    """Wait; whether the call was ended meanwhile."""
    if ongoing is not None:
        return ongoing.wait(seconds)
    time.sleep(seconds)
    return False
