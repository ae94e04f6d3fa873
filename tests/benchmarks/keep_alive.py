"""``make simulate``: how often calls find no instance, and what memory that costs, under several policies."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.policies import FixedTimer, HybridHistogram, WindowPolicy
from tests.benchmarks.replay import GreedyDualCache, Outcome, WorthCache, replay_cached, replay_windows
from tests.benchmarks.traces import Trace, draw

WINDOWS: dict[str, Callable[[], WindowPolicy]] = {
    "fixed timer, 10 minutes": lambda: FixedTimer(600),
    "fixed timer, 20 minutes": lambda: FixedTimer(1200),
    "hybrid histogram": HybridHistogram,
}
OURS = "ours"
GREEDY = "greedy-dual (FaasCache)"


@dataclass
class Samples:
    """The outcomes of one policy over the seeds; ``memory_of`` is whose idle memory it had as its budget."""

    policy: str
    memory_of: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Medians over the seeds, with the smallest and the largest."""
        return {
            "policy": self.policy,
            "memory_of": self.memory_of,
            "cold_share_percent": _spread([100 * one.cold_share for one in self.outcomes]),
            "cold_share_p75_percent": _spread([100 * one.cold_share_p75 for one in self.outcomes]),
            "waited_seconds": _spread([one.waited_seconds for one in self.outcomes]),
            "idle_gigabytes": _spread([one.idle_gigabytes for one in self.outcomes]),
            "started_ahead": _spread([one.ahead for one in self.outcomes]),
        }


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def simulate(seeds: int, functions: int, days: float) -> list[dict[str, Any]]:
    """The rows of the table: every policy, and ours with the memory of each."""
    found: dict[tuple[str, str], Samples] = {}
    for seed in range(1, seeds + 1):
        print(f"seed {seed} of {seeds}", flush=True)  # noqa: T201
        for (policy, memory_of), outcome in _outcomes(draw(seed, functions, days)):
            found.setdefault((policy, memory_of), Samples(policy, memory_of)).outcomes.append(outcome)
    return [samples.row() for samples in found.values()]


def _outcomes(trace: Trace) -> list[tuple[tuple[str, str], Outcome]]:
    found = []
    for name, make in WINDOWS.items():
        reference = replay_windows(trace, make)
        budget = int(reference.idle_gigabytes * 1e9)
        ours = replay_cached(trace, WorthCache(trace.functions, budget))
        greedy = replay_cached(trace, GreedyDualCache(trace.functions, budget))
        found += [((name, ""), reference), ((GREEDY, name), greedy), ((OURS, name), ours)]
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """The rows for a person."""
    lines = [
        f"{'policy':<40}{'cold calls':>24}{'3/4 of functions below':>24}{'waited':>22}{'idle memory':>14}"
        f"{'ahead':>8}"
    ]
    for row in rows:
        name = f"  {row['policy']}, same memory" if row["memory_of"] else row["policy"]
        cold, p75 = row["cold_share_percent"], row["cold_share_p75_percent"]
        waited, memory = row["waited_seconds"], row["idle_gigabytes"]
        lines.append(
            f"{name:<40}{_range(cold, '.4f') + ' %':>24}{_range(p75, '.0f') + ' %':>24}"
            f"{_range(waited, '.0f') + ' s':>22}{memory['median']:>11.1f} GB"
            f"{row['started_ahead']['median']:>8.0f}"
        )
    return "\n".join(lines)


def _range(spread: dict[str, float], form: str) -> str:
    return f"{spread['median']:{form}} ({spread['min']:{form}}-{spread['max']:{form}})"


def main() -> None:
    """Simulate, print, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="traces to draw; each has its own seed")
    parser.add_argument("--functions", type=int, default=150)
    parser.add_argument("--days", type=float, default=3.0)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    options = parser.parse_args()
    rows = simulate(options.seeds, options.functions, options.days)
    print(f"\n{options.functions} functions, {options.days:g} days; median (least-most) of {options.seeds}")  # noqa: T201
    print(table(rows))  # noqa: T201
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "functions": options.functions,
            "days": options.days,
            "seeds": options.seeds,
            "rows": rows,
        }
        options.json.write_text(json.dumps(document, indent=1))
        print(f"Written to {options.json}")  # noqa: T201


if __name__ == "__main__":
    main()
