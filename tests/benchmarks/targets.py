"""What the figures are meant to be, and the table that says which are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """``figure`` of the result called ``result`` is to be at most ``limit``, or at least."""

    result: str
    figure: str
    limit: float
    least: bool = False

    def met(self, reached: float) -> bool:
        """Whether it is."""
        return reached >= self.limit if self.least else reached <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.limit:g}"


TARGETS = (
    Target("warm call: echo", "ratio", 1.5),
    Target("warm call: echo", "added p50 ms", 0.5),
    Target("warm call: echo", "p99 ratio", 3),
    Target("requests/s, 16 connections: echo", "ratio", 0.65, least=True),
    Target("requests/s, 2 processes, 16 connections: echo", "ratio", 1, least=True),
    Target("saturated, all processors busy", "healthz p99 ms", 50),
    Target("cold call: echo", "p50 ms", 30),
    Target("cold call: echo", "ratio", 0.1),
    Target("cold call: pandas", "p50 ms", 30),
    Target("cold call: pandas", "ratio", 0.1),
    Target("worker back after a kill (numpy imported)", "p50 ms", 20),
    Target("504 after the deadline", "p99 ms", 100),
    Target("code-only publish and first call", "p50 ms", 500),
    Target("new environment with pandas, warm uv cache, new gateway", "p50 ms", 4000),
    Target("new environment with pandas, warm uv cache", "p50 ms", 4000),
    Target("an instance with a frozen value of 100 MB", "ratio", 1.25),
    Target("warm call with 10000 functions", "ratio", 1.1),
    Target("a function that rests", "KB of the gateway", 4),
    Target("history, logs and metrics", "ratio", 1.05),
    Target("first page of a million invocations", "slowest ms", 100),
    Target("a million invocations", "MB", 300),
    Target("from jupyter_faas import connect", "added p50 ms", 150),
    Target("list of 500 functions, until painted", "p50 ms", 200),
    Target("scrolling through 500 functions", "ms at the 99th percentile", 50),
)


def table(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line for each target and for each figure without one; ``results`` as they are saved."""
    yield f"{'':58} {'target':>8} {'reached':>11}"
    for result in results:
        figures = figures_of(result)
        targets = [one for one in TARGETS if one.result == result["name"]]
        for target in targets:
            reached = figures[target.figure]
            mark = "met" if target.met(reached) else "MISSED"
            yield f"{result['name'] + ', ' + target.figure:58} {target!s:>8} {reached:11.2f}  {mark}"
        if not targets:
            shown = {"ratio": figures["ratio"]} if "ratio" in figures else figures
            for name, value in shown.items():
                yield f"{result['name'] + ', ' + name:58} {'':8} {value:11.2f}"


def figures_of(result: dict[str, Any]) -> dict[str, float]:
    """The figures of a saved result that a target may be set for."""
    if "figures" in result:
        return dict(result["figures"])
    figures = {"ratio": result["ratio"]}
    if "ours_ms" in result:
        ours, reference = result["ours_ms"], result["reference_ms"]
        figures |= {"p50 ms": ours["p50"], "p99 ms": ours["p99"]}
        figures["added p50 ms"] = ours["p50"] - reference["p50"]
        figures["p99 ratio"] = ours["p99"] / reference["p99"]
    return figures
