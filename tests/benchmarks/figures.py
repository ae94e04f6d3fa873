"""Samples, and what is said of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """How long ``work`` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@dataclass(frozen=True)
class Comparison:
    """Ours against a reference, measured in turns in the same run; seconds."""

    name: str
    ours: list[float]
    reference_name: str
    reference: list[float]

    @property
    def ratio(self) -> float:
        """Median of ours over the reference's median."""
        return statistics.median(self.ours) / statistics.median(self.reference)

    def describe(self) -> str:
        """A few lines for a person."""
        added = (statistics.median(self.ours) - statistics.median(self.reference)) * 1000
        return (
            f"{self.name}\n"
            f"    ours       {spread(self.ours)}\n"
            f"    reference  {spread(self.reference)}   {self.reference_name}\n"
            f"    ratio      {self.ratio:.2f}   (median {added:+.2f} ms)\n"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for a program; milliseconds."""
        return {
            "name": self.name,
            "reference": self.reference_name,
            "ratio": round(self.ratio, 4),
            "ours_ms": summary(self.ours),
            "reference_ms": summary(self.reference),
        }


@dataclass(frozen=True)
class Rates:
    """Ours against a reference, measured in turns in the same run; calls a second."""

    name: str
    ours: list[float]
    reference_name: str
    reference: list[float]

    @property
    def ratio(self) -> float:
        """Median of the turns' ratios: what slows one turn of ours slows the reference's next to it too."""
        return statistics.median(one / other for one, other in zip(self.ours, self.reference, strict=True))

    def describe(self) -> str:
        """A few lines for a person."""
        return (
            f"{self.name}\n"
            f"    ours       {_range(self.ours)}\n"
            f"    reference  {_range(self.reference)}   {self.reference_name}\n"
            f"    ratio      {self.ratio:.2f}\n"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "name": self.name,
            "reference": self.reference_name,
            "ratio": round(self.ratio, 4),
            "ours_per_second": [round(rate, 1) for rate in self.ours],
            "reference_per_second": [round(rate, 1) for rate in self.reference],
        }


@dataclass(frozen=True)
class Reading:
    """Some figures without a reference; each name carries its unit."""

    name: str
    figures: dict[str, float]

    def describe(self) -> str:
        """A few lines for a person."""
        lines = [f"    {name:24} {value:12.1f}\n" for name, value in self.figures.items()]
        return f"{self.name}\n{''.join(lines)}"

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        rounded = {name: round(value, 3) for name, value in self.figures.items()}
        return {"name": self.name, "figures": rounded}


def _range(rates: list[float]) -> str:
    return f"{statistics.median(rates):9.0f} /s   {min(rates):.0f} … {max(rates):.0f}   n={len(rates)}"


def summary(samples: list[float]) -> dict[str, float]:
    """Median, quartiles, 99th percentile and number of samples; milliseconds."""
    ordered = sorted(sample * 1000 for sample in samples)
    low, median, high = statistics.quantiles(ordered, n=4, method="inclusive")
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    values = {"p25": low, "p50": median, "p75": high, "p99": p99}
    return {**{name: round(value, 4) for name, value in values.items()}, "samples": len(ordered)}


def spread(samples: list[float]) -> str:
    """Median and quartiles on a line."""
    figures = summary(samples)
    return (
        f"p50 {figures['p50']:9.2f} ms   quartiles {figures['p25']:.2f} … {figures['p75']:.2f}   "
        f"p99 {figures['p99']:.2f}   n={figures['samples']:.0f}"
    )
