"""The caps and counters that the kernel keeps for the container, under cgroup v1 and v2."""

from __future__ import annotations

import os

MOUNT = "/sys/fs/cgroup"
UNLIMITED = 1 << 60  # v1 says "no limit" with a number near 2^63


class Cgroup:
    """Readings of the supervisor's own cgroup; what can't be read is ``None`` or 0."""

    def __init__(self, mount: str = MOUNT, membership: str = "/proc/self/cgroup") -> None:
        paths = _memberships(membership)
        if os.path.exists(f"{mount}/cgroup.controllers"):
            memory = pids = _directory(mount, paths.get("", "/"))
            cap, usage, peak, events = "memory.max", "memory.current", "memory.peak", "memory.events"
        else:
            memory = _directory(f"{mount}/memory", paths.get("memory", "/"))
            pids = _directory(f"{mount}/pids", paths.get("pids", "/"))
            cap, usage = "memory.limit_in_bytes", "memory.usage_in_bytes"
            peak, events = "memory.max_usage_in_bytes", "memory.oom_control"
        self.memory_cap = _number(f"{memory}/{cap}")
        self.pids_cap = _number(f"{pids}/pids.max")
        self._usage = f"{memory}/{usage}"
        self._peak = f"{memory}/{peak}"
        self._oom_kills = _Counter(f"{memory}/{events}", b"oom_kill")
        self._refused_forks = _Counter(f"{pids}/pids.events", b"max")

    def memory_peak(self) -> int | None:
        """The most memory that the container has used; the present use where no peak is kept."""
        return _number(self._peak) or _number(self._usage)

    def oom_kills(self) -> int:
        """How many processes of the container the kernel has killed for memory."""
        return self._oom_kills.read()

    def refused_forks(self) -> int:
        """How often the pids cap was hit."""
        return self._refused_forks.read()


def _memberships(path: str) -> dict[str, str]:
    """Controller → path of the cgroup; the controller of v2 is the empty string."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        _, controllers, directory = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = directory
    return found


def _directory(mount: str, path: str) -> str:
    """In a container the mount usually is the container's own cgroup, whatever path /proc names."""
    nested = mount + path.rstrip("/")
    return nested if os.path.isdir(nested) else mount


class _Counter:
    """A number of a file with a name and a number on each line; 0 while it can't be read."""

    def __init__(self, path: str, name: bytes) -> None:
        self._name = name
        self._content = b""
        self._value = 0
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            self._descriptor = -1

    def read(self) -> int:
        if self._descriptor < 0:
            return 0
        content = os.pread(self._descriptor, 4096, 0)
        if content != self._content:  # it rarely changes, and is read for every call
            self._content, self._value = content, self._parsed(content)
        return self._value

    def _parsed(self, content: bytes) -> int:
        for line in content.splitlines():
            fields = line.split()
            if len(fields) == 2 and fields[0] == self._name:
                return int(fields[1])
        return 0


def _number(path: str) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() and int(text) < UNLIMITED else None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
