"""The processes below the supervisor: who they are, what they use, and how they end for good."""

from __future__ import annotations

import os
import signal
import time
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

PATIENCE_SECONDS = 0.05  # how long processes may go on starting others before everything is swept away,
PATIENCE_ROUNDS = 8  # and how often: on a busy machine one look may take longer than that
WAIT_SECONDS = 0.0005
GIVE_UP_SECONDS = 10.0  # the kernel may need seconds to free the memory of a big process
EXITING = 0x4  # PF_EXITING among the flags of proc_pid_stat(5)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Ended = namedtuple("Ended", "status cpu_seconds peak_bytes")
Usage = namedtuple("Usage", "memory_bytes tasks")


class Remains(Exception):
    """Something of a call can't be removed; only the end of the whole container helps."""


class ProcessesRemain(Remains):
    """Processes could not be ended."""


class Reaper:
    """Collects ended children, of which the supervisor has many: it adopts every orphan."""

    def __init__(self) -> None:
        self.watched: set[int] = set()
        self.ended: dict[int, Ended] = {}
        self.expecting = False  # whether a process may become ours, and end, before we know it
        self._strangers: dict[int, Ended] = {}

    def watch(self, pid: int) -> None:
        """Keep how this process ends, or has ended."""
        if pid in self._strangers:
            self.ended[pid] = self._strangers.pop(pid)
        else:
            self.watched.add(pid)

    def expect_nothing(self) -> None:
        """All that is ours is known."""
        self.expecting = False
        self._strangers.clear()

    def collect(self) -> None:
        """Reap all that have ended; keeps how the watched ones did."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ended = Ended(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
            if pid in self.watched:
                self.watched.discard(pid)
                self.ended[pid] = ended
            elif self.expecting:
                self._strangers[pid] = ended


def end_all_but(spared: Collection[int], reaper: Reaper) -> None:
    """Kill every process below this one, save the ``spared`` with theirs; returns when nothing is left.

    All are stopped before any is killed: a stopped process can't fork, and keeps its place under the pids
    cap taken, so a fork bomb runs out of places. If new ones keep coming all the same, PID 1 can kill
    everything at once, the spared too. Raises ``ProcessesRemain`` if even that didn't help.
    """
    start, rounds = time.monotonic(), 0
    stopped: set[int] = set()
    while True:
        reaper.collect()
        strays = _below(os.getpid(), _parents(), spared)
        if not strays:
            return
        elapsed = time.monotonic() - start
        fresh = strays - stopped
        if fresh and (elapsed < PATIENCE_SECONDS or rounds < PATIENCE_ROUNDS):
            rounds += 1
            _signal(fresh, signal.SIGSTOP)
            stopped |= fresh
            continue
        if fresh and os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)
        _signal(strays, signal.SIGKILL)
        stopped = strays
        if elapsed > GIVE_UP_SECONDS:
            raise ProcessesRemain(f"{len(strays)} processes could not be ended")
        time.sleep(WAIT_SECONDS)


def is_ending(pid: int) -> bool:
    """Whether the process has ended, or the kernel is taking it down: it closes what the process had open a
    moment (on a busy machine, or with much memory to free: seconds) before it can be reaped."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return not fields or fields[0] in b"ZX" or bool(int(fields[6]) & EXITING)


def children(pid: int) -> set[int]:
    """The processes that ``pid`` is the parent of, ended ones that nobody has collected too."""
    return {child for child, parent in _parents().items() if parent == pid}


def usage_below(pid: int) -> Usage:
    """Memory and number of tasks (processes and threads) of ``pid`` and all below it."""
    pids = list(_tree(pid))
    memory = sum(_resident_bytes(each) for each in pids)
    return Usage(memory, sum(len(_tasks(each)) for each in pids))


def distinct_bytes(pid: int) -> int:
    """Memory of ``pid`` and all below it with what they share counted once; slower than ``usage_below``."""
    private, shared = 0, 0
    for each in _tree(pid):
        own, common = _private_and_shared_bytes(each)
        private += own
        shared = max(shared, common)
    return private + shared


def _parents() -> dict[int, int]:
    return {int(name): _parent(name) for name in os.listdir("/proc") if name.isdigit()}


def _parent(pid: str) -> int:
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _below(root: int, parents: dict[int, int], spared: Collection[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    pending = [root]
    while pending:
        for child in children.get(pending.pop(), ()):
            if child not in spared and child not in found:
                found.add(child)
                pending.append(child)
    return found


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _tree(pid: int) -> Iterator[int]:
    """``pid`` and all below it, by the kernel's own lists where it keeps them: cheaper than all of /proc."""
    pending = [pid]
    while pending:
        current = pending.pop()
        yield current
        for task in _tasks(current):
            pending.extend(int(child) for child in _read(f"/proc/{current}/task/{task}/children").split())


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _resident_bytes(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else 0


def _private_and_shared_bytes(pid: int) -> tuple[int, int]:
    sizes = {b"Private": 0, b"Shared": 0}
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        kind = line.partition(b"_")[0]
        if kind in sizes and line.endswith(b"kB"):
            sizes[kind] += int(line.split()[1]) * 1024
    return (sizes[b"Private"], sizes[b"Shared"]) if any(sizes.values()) else (_resident_bytes(pid), 0)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it ended meanwhile
        return b""
