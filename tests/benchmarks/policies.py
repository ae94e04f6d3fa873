"""Keep-alive policies to compare with: fixed timers, the hybrid histogram, and greedy-dual caching."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FixedTimer", "GreedyDual", "HybridHistogram", "WindowPolicy", "Windows"]


class Windows(NamedTuple):
    """From the end of a call: seconds without an instance, then seconds with one."""

    without: float
    keep: float


class WindowPolicy(Protocol):
    """Decides for one function by itself, however many others there are."""

    def windows(self, idle_seconds: float | None) -> Windows:
        """What to do after a call that came after this idle time; ``None`` for the first one."""


class FixedTimer:
    """Keeps every instance equally long."""

    def __init__(self, seconds: float) -> None:
        self._windows = Windows(0.0, seconds)

    def windows(self, idle_seconds: float | None) -> Windows:  # noqa: ARG002 - all the same
        """See ``WindowPolicy``."""
        return self._windows


class HybridHistogram:
    """The policy of "Serverless in the Wild" (USENIX ATC 2020, section 4) with the parameters that the paper
    chose: minutes up to four hours, from the 5th to the 99th percentile with a margin of 10 %; a histogram of
    little variation (CV of its bins under 2) isn't trusted, and idle times mostly beyond it are forecast with
    a margin of 15 %. The forecast is their mean where the paper fits an ARIMA model: it does so for 0.64 % of
    the calls.
    """

    BIN_SECONDS: Final = 60.0
    BINS: Final = 240
    HEAD, TAIL, MARGIN = 0.05, 0.99, 0.10
    TRUSTED_CV: Final = 2.0
    BEYOND: Final = 0.5
    FORECAST_MARGIN: Final = 0.15

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(self.BINS, np.int64)
        self._squares = 0
        self._inside = 0
        self._beyond: list[float] = []

    def windows(self, idle_seconds: float | None) -> Windows:
        """See ``WindowPolicy``."""
        if idle_seconds is not None:
            self._record(idle_seconds)
        total = self._inside + len(self._beyond)
        if total and len(self._beyond) / total > self.BEYOND:
            forecast = float(np.mean(self._beyond))
            return Windows(forecast * (1 - self.FORECAST_MARGIN), forecast * 2 * self.FORECAST_MARGIN)
        if not total or self._variation() < self.TRUSTED_CV:
            return Windows(0.0, self.BINS * self.BIN_SECONDS)
        cumulated = np.cumsum(self._counts)
        head = int(np.searchsorted(cumulated, self.HEAD * self._inside)) * self.BIN_SECONDS
        tail = (int(np.searchsorted(cumulated, self.TAIL * self._inside)) + 1) * self.BIN_SECONDS
        without = head * (1 - self.MARGIN)
        return Windows(without, tail * (1 + self.MARGIN) - without)

    def _record(self, idle_seconds: float) -> None:
        number = int(idle_seconds / self.BIN_SECONDS)
        if number >= self.BINS:
            self._beyond.append(idle_seconds)
            return
        self._squares += 2 * int(self._counts[number]) + 1
        self._counts[number] += 1
        self._inside += 1

    def _variation(self) -> float:
        """Coefficient of variation of the bins' counts."""
        if not self._inside:
            return 0.0
        mean = self._inside / self.BINS
        return float(np.sqrt(max(0.0, self._squares / self.BINS - mean * mean)) / mean)


class GreedyDual:
    """GreedyDual-Size-Frequency as in FaasCache (ASPLOS 2021): what is dropped first has the least clock +
    uses x start cost / size, and the clock is what was dropped last."""

    def __init__(self) -> None:
        self._clock = 0.0
        self._uses: dict[int, int] = {}
        self._priorities: dict[int, float] = {}

    def used(self, function: int, gain: float) -> None:
        """A function was called; ``gain``: seconds of its start per byte."""
        self._uses[function] = self._uses.get(function, 0) + 1
        self._priorities[function] = self._clock + self._uses[function] * gain

    def drop(self, idle: Iterable[int]) -> int:
        """Which of the idle functions goes."""
        function = min(idle, key=self._priorities.__getitem__)
        self._clock = self._priorities[function]
        self._uses[function] = 0
        return function
