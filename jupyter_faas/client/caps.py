"""What the gateway says of caps, in words and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_faas.model.units import format_duration, format_size

__all__ = ["caps_changed", "caps_rows"]

_WRITTEN = {
    "timeout_seconds": ("timeout", "run_seconds", format_duration),
    "memory_bytes": ("memory", "memory_bytes", lambda size: format_size(int(size))),
    "cpu": ("cpu", "cpu", lambda number: f"{number:.3g}"),
}


def caps_rows(advice: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each cap that calls are measured against: its name, value, median, 99th percentile and most
    of what was used, what is proposed, and why."""
    proposed = {proposal["cap"]: proposal for proposal in advice["proposals"]}
    rows = []
    for cap, (name, measure, write) in _WRITTEN.items():
        spread, proposal = advice["usage"][measure], proposed.get(cap)
        used = [write(spread[each]) for each in ("p50", "p99", "max")] if spread else ["", "", ""]
        better = [write(proposal["proposed"]), proposal["reason"]] if proposal else ["", ""]
        rows.append((name, write(advice["caps"][cap]), *used, *better))
    return rows


def caps_changed(answer: Mapping[str, Any]) -> str:
    """What a change of caps has come to."""
    publication = answer["publication"]
    version = f"{publication['function']} version {publication['version']}"
    if answer["state"] == "unchanged":
        return f"{version} has these caps already."
    return (
        f"{version} is live, with the image of the version before. Publishing a changed cell takes the caps "
        "that its line says."
    )
