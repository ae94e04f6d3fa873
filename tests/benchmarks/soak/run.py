"""One soak: what runs, what is counted, and what must not be."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.soak.callers import CALLERS, Findings, run_calls
from tests.benchmarks.soak.counts import Counts, counts
from tests.benchmarks.soak.kinds import CAPS, FUNCTIONS, SHARED
from tests.support.docker import busy_cpus, owner_of
from tests.support.gateway import Gateway

SOURCE = Path(__file__).with_name("served.py")
WARM_CALLS = 500
SETTLE_SECONDS = 20.0
LOOK_SECONDS = 5.0
BYTES_PER_CALL = 50
"""Growth of memory that counts as none: the allocator's, which doesn't go on for ever."""
SLACK_BYTES = 8_000_000
IDLE_CPUS = 0.2
MOST_SWEPT = 0.002
"""Share of the calls that may end with an instance whose supervisor got no processor for a quarter second."""
KEPT_DESCRIPTORS = 16
"""Connections to the engine that the gateway may keep for later."""


@dataclass
class Soak:
    """How it went."""

    calls: int
    seconds: float
    findings: Findings
    before: Counts
    after: Counts
    busy_cpus: float
    looks: list[tuple[int, Counts]] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What is wrong, in words; nothing if all is well."""
        return [*self.findings.wrong, *_uncalled(self), *_left(self), *_grown(self)]

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "calls": self.calls,
            "seconds": round(self.seconds, 1),
            "kinds": dict(self.findings.answered),
            "ended with their instance": self.findings.swept,
            "before": vars(self.before),
            "after": vars(self.after),
            "gateway_bytes": [[calls, look.gateway_bytes] for calls, look in self.looks],
            "faults": self.faults,
        }


def soak(gateway: Gateway, calls: int, seed: int, tell: Callable[[str], None]) -> Soak:
    """Publish, warm up, count; make the calls; count again when nothing runs any more."""
    owner = owner_of(gateway.folder)
    for name in FUNCTIONS:
        gateway.publish(SOURCE.read_text(), name, CAPS[name], entry="soak")
    run_calls(gateway, WARM_CALLS, seed + CALLERS, lambda _: None)
    before = settled(gateway, owner)
    tell(f"before          {before.describe()}")
    looks: list[tuple[int, Counts]] = []
    due = begun = time.monotonic()

    def look(done: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + LOOK_SECONDS
            looks.append((done, counts(gateway.pid, owner)))
            tell(f"{done:7} calls   {looks[-1][1].describe()}")

    findings = run_calls(gateway, calls, seed, look)
    seconds = time.monotonic() - begun
    after = settled(gateway, owner, before)
    tell(f"after           {after.describe()}")
    return Soak(calls, seconds, findings, before, after, busy_cpus(owner), looks)


def settled(gateway: Gateway, owner: str, wanted: Counts | None = None) -> Counts:
    """The counts when they are those ``wanted``, or else when they don't change any more."""
    deadline, steady = time.monotonic() + SETTLE_SECONDS, 0
    last = counts(gateway.pid, owner)
    while time.monotonic() < deadline:
        time.sleep(0.3)  # between two looks, which is what is waited for
        now = counts(gateway.pid, owner)
        steady = steady + 1 if now.things == last.things else 0
        last = now
        if (wanted is None and steady >= 5) or (wanted is not None and now.things == wanted.things):
            break
    return last


def _uncalled(soak: Soak) -> list[str]:
    """Calls that were not made, or too many that were ended for another's sake."""
    answered = soak.findings.answered.total()
    faults = [] if answered == soak.calls else [f"{answered} of {soak.calls} calls were made"]
    if soak.findings.swept > MOST_SWEPT * soak.calls:
        faults.append(
            f"{soak.findings.swept} calls ended because another on their instance could not be ended"
        )
    return faults


def _left(soak: Soak) -> list[str]:
    """What there is more or less of than before; also a zombie that was there before is one."""
    before = {**soak.before.things, "zombies": 0}
    allowed = {"descriptors of the gateway": KEPT_DESCRIPTORS}
    faults = [
        f"{name}: {before[name]} before, {value} after"
        for name, value in soak.after.things.items()
        if abs(value - before[name]) > allowed.get(name, 0)
    ]
    if soak.busy_cpus > IDLE_CPUS:
        faults.append(f"{soak.busy_cpus:.1f} CPUs are busy with {SHARED}'s containers, and no call runs")
    return faults


def _grown(soak: Soak) -> list[str]:
    """Memory that grew in the second half of the calls; the first half fills caches."""
    second_half = [look for done, look in soak.looks if done >= soak.calls / 2]
    middle = second_half[: max(1, len(second_half) // 4)] or [soak.before]
    allowed = SLACK_BYTES + BYTES_PER_CALL * soak.calls // 2
    faults = []
    for name in ("gateway_bytes", "supervisor_bytes"):
        # Just then an instance may have been missing: what there was before is no growth either.
        usual = max(statistics.median(getattr(look, name) for look in middle), getattr(soak.before, name))
        grown = getattr(soak.after, name) - usual
        if grown > allowed:
            faults.append(f"{name}: {grown / 1e6:.1f} MB more at the end than before and in the middle")
    return faults
