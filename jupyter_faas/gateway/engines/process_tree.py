"""All processes that an instance of the process engine has started, and their end (Linux's /proc)."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MARK", "continue_processes", "end_tree", "start_time", "stop_tree", "tree_bytes"]

MARK = "JUPYTER_FAAS_INSTANCE"
"""Environment variable by which a process is known that has left the tree and the session."""
END_SECONDS = 5.0
PAUSE_SECONDS = 0.002
_STOPPED = "TtZX"


@dataclass(frozen=True)
class _Process:
    pid: int
    state: str
    parent: int
    session: int


def start_time(pid: int) -> int | None:
    """When a process began, in clock ticks since boot: with it a process id names one process for good."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def end_tree(root: int, mark: str) -> bool:
    """Kill ``root`` and everything that it started; whether nothing is left. Blocks for milliseconds.

    All are stopped first, so that none can start another while they are looked up; the supervisor takes in
    what its workers leave behind, and the ``mark`` finds what was left behind by the supervisor itself.
    """
    deadline = time.monotonic() + END_SECONDS
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        members = _members(root, mark)
        for member in members:
            if member.pid not in stopped:
                _send(member.pid, signal.SIGSTOP)
                stopped.add(member.pid)
        if all(member.state in _STOPPED for member in members):
            break
        time.sleep(PAUSE_SECONDS)
    while time.monotonic() < deadline:
        living = [member for member in _members(root, mark) if member.state not in "ZX"]
        if not living:
            return True
        for member in living:
            _send(member.pid, signal.SIGKILL)
        time.sleep(PAUSE_SECONDS)
    return False


def stop_tree(root: int, mark: str) -> list[int]:
    """Stop ``root`` and everything that it started; those that weren't stopped before, ``root`` first."""
    deadline = time.monotonic() + END_SECONDS
    stopped: list[int] = []
    while time.monotonic() < deadline:
        running = [member.pid for member in _members(root, mark) if member.state not in _STOPPED]
        if not running:
            break
        for pid in running:
            _send(pid, signal.SIGSTOP)
        stopped += [pid for pid in running if pid not in stopped]
        time.sleep(PAUSE_SECONDS)
    return sorted(stopped, key=lambda pid: pid != root)


def continue_processes(stopped: list[int]) -> None:
    """Let them go on, in the opposite order. A stopped process can't end, so that its id is still its own."""
    for pid in reversed(stopped):
        _send(pid, signal.SIGCONT)


def tree_bytes(root: int, mark: str) -> int | None:
    """Memory of ``root`` and everything that it started, pages that they share counted once."""
    sizes = [_proportional_bytes(member.pid) for member in _members(root, mark)]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _proportional_bytes(pid: int) -> int | None:
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None


def _members(root: int, mark: str) -> list[_Process]:
    """Descendants of ``root``, processes of its session, and those that carry the mark."""
    processes = {process.pid: process for process in _all_processes()}
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = [
        process.pid
        for process in processes.values()
        if process.pid == root or process.session == root or _carries(process.pid, mark)
    ]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    found.discard(os.getpid())
    return [processes[pid] for pid in sorted(found) if pid in processes]


def _all_processes() -> list[_Process]:
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names only, a hundred times a second
        fields = _stat(int(entry)) if entry.isdigit() else None
        if fields:
            found.append(_Process(int(entry), fields[0], int(fields[1]), int(fields[3])))
    return found


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on (``proc(5)``: field 3); the name before may hold spaces."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError):
        return None
    return content.rpartition(")")[2].split()


def _carries(pid: int, mark: str) -> bool:
    try:
        return f"{MARK}={mark}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:
        return False


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
