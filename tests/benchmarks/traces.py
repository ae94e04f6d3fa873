"""Invocation traces drawn from what is published of Azure Functions.

Source of every figure, unless another is named: Shahrad et al., "Serverless in the Wild: Characterizing and
Optimizing the Serverless Workload at a Large Cloud Provider", USENIX ATC 2020, section 3 (the authors'
notebook in github.com/Azure/AzurePublicDataset draws the same curves). Their unit of memory, the app, is a
function here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["Function", "Trace", "draw"]

DAY_SECONDS: Final = 86400.0

RATES_PER_DAY: Final = ((0.45, 1.0, 24.0), (0.36, 24.0, 1440.0), (0.19, 1440.0, 1e8))
"""Share of the functions, and their calls per day: 45 % at most one an hour, 81 % at most one a minute, eight
orders of magnitude in all. Within the first two spans the logarithm is uniform: figure 5a is nearly
straight there."""
TAIL_INDEX: Final = 0.61
"""Pareto index of the third span, fitted so that it has 99.6 % of all calls, as published."""
TIMER_ONLY: Final = 0.13
TIMER_AND_OTHERS: Final = 0.16
"""Together 29 % have a timer. Timers are as regular as clocks (CV 0), and 95 % fire once a minute at most."""
TIMER_PERIODS: Final = (60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
"""Seconds. Assumed: the periods that people write; the paper has none."""
CV_RANGE: Final = (0.2, 4.0)
"""Coefficient of variation of the times between the calls of the rest, its logarithm uniform: 40 % of all
functions are above 1, as in figure 6."""
EXECUTION: Final = (-0.38, 2.36)
"""Log-normal execution time in seconds: mean and sigma of the logarithm (figure 7)."""
MOST_EXECUTION: Final = 60.0
"""Seconds; 96 % of the functions are below on average."""
MEMORY_BURR: Final = (11.652, 0.221, 107.083)
"""c, k and lambda of a Burr distribution of MB (figure 8)."""
MOST_MEMORY: Final = 1536.0
"""MB: the most that Azure's consumption plan gives."""
START_SECONDS: Final = (0.25, 0.5)
"""Assumed, from measurements of this project: what a container takes, and the mean (exponential) of what
importing takes on top. The paper has no start times."""
COARSE_SECONDS: Final = 60.0
"""Calls of faster functions are drawn as one event a minute that stands for all of them: no policy compared
drops an instance sooner, and 10^8 calls a day would take hours."""


@dataclass(frozen=True)
class Function:
    """One function of a trace: ``times`` of its events in seconds, each of them ``calls`` calls."""

    times: NDArray[np.float64]
    calls: float
    execution_seconds: float
    memory_bytes: int
    start_seconds: float


@dataclass(frozen=True)
class Trace:
    """What was called in ``seconds``."""

    functions: list[Function]
    seconds: float


def draw(seed: int, functions: int, days: float) -> Trace:
    """A trace, the same for the same arguments."""
    random = np.random.default_rng(seed)
    seconds = days * DAY_SECONDS
    return Trace([_function(random, seconds) for _ in range(functions)], seconds)


def _function(random: Generator, seconds: float) -> Function:
    kind = random.random()
    rate = _rate_per_day(random)
    calls = max(1.0, rate * COARSE_SECONDS / DAY_SECONDS)
    execution = min(MOST_EXECUTION, random.lognormal(*EXECUTION))
    if kind < TIMER_ONLY:
        period = _period_near(DAY_SECONDS / rate)
        calls, times = 1.0, _timer(random, period, seconds)
    else:
        cv = float(np.exp(random.uniform(*np.log(CV_RANGE))))
        gap = DAY_SECONDS * calls / rate
        times = _renewal(random, gap, cv / np.sqrt(calls), seconds)
        if kind < TIMER_ONLY + TIMER_AND_OTHERS:
            period = _period_near(DAY_SECONDS / _rate_per_day(random))
            times = np.sort(np.concatenate([times, _timer(random, period, seconds)]))
    return Function(
        times=times,
        calls=calls,
        execution_seconds=min(execution * calls, COARSE_SECONDS),
        memory_bytes=round(_memory_mb(random) * 1e6),
        start_seconds=START_SECONDS[0] + random.exponential(START_SECONDS[1]),
    )


def _rate_per_day(random: Generator) -> float:
    number = random.choice(len(RATES_PER_DAY), p=[share for share, _, _ in RATES_PER_DAY])
    _, low, high = RATES_PER_DAY[number]
    uniform = random.random()
    if number < 2:
        return float(low * (high / low) ** uniform)
    cut = 1 - (low / high) ** TAIL_INDEX
    return float(low * (1 - uniform * cut) ** (-1 / TAIL_INDEX))


def _memory_mb(random: Generator) -> float:
    c, k, scale = MEMORY_BURR
    sample = scale * ((1 - random.random()) ** (-1 / k) - 1) ** (1 / c)
    return float(min(MOST_MEMORY, sample))


def _period_near(gap_seconds: float) -> float:
    return float(min(TIMER_PERIODS, key=lambda period: abs(np.log(period / gap_seconds))))


def _timer(random: Generator, period: float, seconds: float) -> NDArray[np.float64]:
    return np.arange(random.uniform(0, period), seconds, period)


def _renewal(random: Generator, gap: float, cv: float, seconds: float) -> NDArray[np.float64]:
    """Events with log-normal gaps of this mean and coefficient of variation."""
    sigma = np.sqrt(np.log1p(cv * cv))
    mean = np.log(gap) - sigma * sigma / 2
    parts: list[NDArray[np.float64]] = []
    reached = -random.uniform(0, gap)
    while reached < seconds:
        times = reached + np.cumsum(random.lognormal(mean, sigma, int(1.2 * seconds / gap) + 10))
        parts.append(times)
        reached = float(times[-1])
    every = np.concatenate(parts)
    return every[(every >= 0) & (every < seconds)]
