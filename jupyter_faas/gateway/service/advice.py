"""What calls really used against the caps, and which caps would fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from jupyter_faas.gateway.store.records import Use
from jupyter_faas.model.cap_options import option_words
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import FaasError, InvocationTimeout, OutOfMemory
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["advised", "proposals", "usage"]

MB: Final = 10**6
ENOUGH_CALLS: Final = 20
"""With fewer, no cap is proposed to be lowered."""
OVERHEAD_BYTES: Final = 32 * MB
"""About what an instance takes beside its workers."""
MEASURABLE_MS: Final = 20.0
"""The shortest calls that tell how many CPUs they use."""
_DURATIONS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)


def usage(calls: Sequence[Use], versions: Collection[int]) -> dict[str, Any]:
    """Median, 99th percentile and maximum of time, memory and CPUs; None of what nothing was measured.

    Those that ended at a cap are counted of the ``versions`` that have the present caps.
    """
    ended = [call.code for call in calls if call.version in versions]
    return {
        "calls": len(calls),
        "run_seconds": _spread([call.run_ms / 1000 for call in calls], 6),
        "memory_bytes": _spread([call.peak_bytes for call in calls if call.peak_bytes], 0),
        "cpu": _spread(_cpus(calls), 3),
        "timeouts": ended.count(InvocationTimeout.code),
        "out_of_memory": ended.count(OutOfMemory.code),
    }


def proposals(used: dict[str, Any], caps: Caps) -> list[dict[str, Any]]:
    """Caps that would fit better what was used, each with its reason."""
    found = (_time(used, caps), _memory(used, caps), _cpu(used, caps))
    return [proposal for proposal in found if proposal is not None]


def advised(error: FaasError, function: str, caps: Caps) -> FaasError:
    """``error`` with the command that raises the cap that it names; others as they are."""
    if isinstance(error, OutOfMemory):
        changed: dict[str, Any] = {"memory_bytes": _raised(caps, "memory_bytes", 2 * caps.memory_bytes)}
    elif isinstance(error, InvocationTimeout) and error.figures.get("phase") == "run":
        seconds = _next_duration(2 * caps.timeout_seconds)
        changed = {"timeout_seconds": _raised(caps, "timeout_seconds", seconds)}
    elif isinstance(error, InvocationTimeout) and error.figures.get("phase") == "init":
        seconds = _next_duration(2 * caps.init_timeout_seconds)
        changed = {"init_timeout_seconds": _raised(caps, "init_timeout_seconds", seconds)}
    else:
        return error
    command = f"caps {function} {option_words(changed)}"
    detail = f"{error.detail} Without publishing anew: `%faas {command}` or `jupyter faas {command}`."
    return type(error)(detail, **{**error.figures, "proposal": changed})


def _time(used: dict[str, Any], caps: Caps) -> dict[str, Any] | None:
    spread, cap = used["run_seconds"], caps.timeout_seconds
    if used["timeouts"]:
        why = f"{_times(used['timeouts'])} ended at the cap, so that how long they would run isn't known"
        return _proposal(caps, "timeout_seconds", _next_duration(2 * cap), why)
    fitting = _next_duration(max(2 * spread["p99"], 1.25 * spread["max"])) if spread else cap
    if _enough(used) and fitting < cap / 2:
        why = f"the longest of {used['calls']} calls ran for {format_duration(spread['max'])}"
        return _proposal(caps, "timeout_seconds", fitting, why)
    return None


def _memory(used: dict[str, Any], caps: Caps) -> dict[str, Any] | None:
    spread, cap = used["memory_bytes"], caps.memory_bytes
    if used["out_of_memory"]:
        why = f"{_times(used['out_of_memory'])} needed more than the cap, and how much more isn't known"
        return _proposal(caps, "memory_bytes", 2 * cap, why)
    if not spread:
        return None
    need = spread["max"] * caps.concurrency * 1.25 + OVERHEAD_BYTES
    fitting = max(64 * MB, math.ceil(need / (32 * MB)) * 32 * MB)
    workers = f", and an instance has {caps.concurrency} workers" if caps.concurrency > 1 else ""
    why = f"the most that a call used is {format_size(int(spread['max']))}{workers}"
    if fitting > cap and spread["max"] * caps.concurrency > 0.8 * cap:
        return _proposal(caps, "memory_bytes", fitting, why)
    if _enough(used) and fitting <= cap / 2:
        return _proposal(caps, "memory_bytes", fitting, why)
    return None


def _cpu(used: dict[str, Any], caps: Caps) -> dict[str, Any] | None:
    spread, cap = used["cpu"], caps.cpu / caps.concurrency
    if not spread or not _enough(used):
        return None
    if spread["p50"] > 0.9 * cap:
        why = f"half of the calls use {spread['p50']:.2g} CPUs, which is all that they get"
        return _proposal(caps, "cpu", 2 * caps.cpu, why)
    fitting = max(0.25, math.ceil(spread["max"] * caps.concurrency * 1.25 * 4) / 4)
    if fitting <= caps.cpu / 2:
        return _proposal(caps, "cpu", fitting, f"no call used more than {spread['max']:.2g} CPUs")
    return None


def _proposal(caps: Caps, field: str, value: float, why: str) -> dict[str, Any] | None:
    value = _raised(caps, field, value)
    present = getattr(caps, field)
    if value == present:
        return None
    words = {"option": option_words({field: value}), "reason": f"{why[0].upper()}{why[1:]}."}
    return {"cap": field, "present": present, "proposed": value, **words}


def _raised(caps: Caps, field: str, value: float) -> float:
    """The value within the bounds of the cap."""
    metadata = Caps.model_fields[field].metadata
    highest = next(bound.le for bound in metadata if hasattr(bound, "le"))
    value = min(value, highest)
    return int(value) if isinstance(getattr(caps, field), int) else value


def _enough(used: dict[str, Any]) -> bool:
    return bool(used["calls"] >= ENOUGH_CALLS)


def _times(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"


def _next_duration(seconds: float) -> float:
    return float(next((one for one in _DURATIONS if one >= seconds), seconds))


def _cpus(calls: Iterable[Use]) -> list[float]:
    return [call.cpu_ms / call.run_ms for call in calls if call.run_ms >= MEASURABLE_MS]


def _spread(values: Sequence[float], digits: int) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    last = len(ordered) - 1
    figures = {"p50": ordered[last // 2], "p99": ordered[math.ceil(last * 0.99)], "max": ordered[-1]}
    return {name: round(value, digits) if digits else int(value) for name, value in figures.items()}
