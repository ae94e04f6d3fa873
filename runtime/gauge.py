"""What the supervisor measures of a call from outside: for those that can't tell themselves any more."""

from __future__ import annotations

import os
import signal
import time

from . import outcomes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .cgroups import Cgroup
    from .outcomes import Outcome
    from .processes import Ended

MAX_SECONDS = 1e9


class Gauge:
    """The time, and the kernel's counters, since the start of a call (or of its worker)."""

    def __init__(self, cgroup: Cgroup, pids_cap: int | None) -> None:
        self.cpu_before = 0.0
        """What the worker had used when it last said so."""
        self._cgroup = cgroup
        self._pids_cap = pids_cap or cgroup.pids_cap
        self._began = 0.0
        self._oom_kills = 0
        self._refused_forks = 0

    def start(self, cpu_before: float | None = None) -> None:
        """A call begins, or a worker that has used nothing yet."""
        self._began = time.monotonic()
        self._oom_kills = self._cgroup.oom_kills()
        self._refused_forks = self._cgroup.refused_forks()
        if cpu_before is not None:
            self.cpu_before = cpu_before

    def take(self, began: float, cpu_before: float) -> None:
        """What the worker has noted of a call that we weren't told of; figures only."""
        if 0.0 < began <= time.monotonic() and 0.0 <= cpu_before < MAX_SECONDS:
            self._began, self.cpu_before = began, cpu_before

    def usage(self, ended: Ended | None) -> dict[str, Any]:
        """The usage of a call whose worker has ended."""
        cpu_seconds = max(0.0, ended.cpu_seconds - self.cpu_before) if ended else 0.0
        return {
            "run_seconds": round(time.monotonic() - self._began, 6),
            "cpu_seconds": round(cpu_seconds, 6),
            "peak_bytes": ended.peak_bytes if ended else 0,
        }

    def cause(self, ended: Ended, during: str) -> Outcome:
        """Why a worker ended by itself."""
        killed = os.WIFSIGNALED(ended.status) and os.WTERMSIG(ended.status) == signal.SIGKILL
        if killed and self._cgroup.oom_kills() > self._oom_kills:
            peak = self._cgroup.memory_peak() or ended.peak_bytes
            return outcomes.out_of_memory(self._cgroup.memory_cap, peak)
        return outcomes.crashed(ended.status, during)

    def blame_caps(self, outcome: Outcome) -> None:
        """Say so when the kernel refused memory or processes to what the failed call had started."""
        oom_kills = self._cgroup.oom_kills() - self._oom_kills
        if oom_kills > 0 and outcome["code"] != "out-of-memory":
            outcome["figures"]["oom_kills"] = oom_kills
            _append(outcome, f"The kernel killed {oom_kills} of its child processes for memory.")
        if self._pids_cap and self._cgroup.refused_forks() > self._refused_forks:
            outcome["figures"]["pids_cap"] = self._pids_cap
            _append(outcome, f"The cap of {self._pids_cap} processes and threads was reached (--pids).")


def _append(outcome: Outcome, sentence: str) -> None:
    outcome["detail"] = f"{outcome['detail'].rstrip('.')}. {sentence}"
