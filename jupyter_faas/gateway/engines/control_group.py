"""The control groups of a container on this machine: its freezer and its memory, under cgroup v1 and v2.

https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html, …/cgroup-v1/memory.html and
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["ControlGroup", "resident_bytes"]

MOUNT: Final = Path("/sys/fs/cgroup")
FREEZE_SECONDS: Final = 0.1
"""How long the kernel may take to stop all processes; one that is deep in a disk's driver can't be."""
POLL_SECONDS: Final = 0.001


class ControlGroup:
    """The groups of one container."""

    def __init__(self, freezer: Path | None, memory: Path | None, unified: bool) -> None:
        self._state = freezer and freezer / ("cgroup.freeze" if unified else "freezer.state")
        self._events = freezer and freezer / "cgroup.events" if unified else self._state
        self._on, self._off = ("1", "0") if unified else ("FROZEN", "THAWED")
        self._done = "frozen 1" if unified else "FROZEN"
        self._usage = memory and memory / ("memory.current" if unified else "memory.usage_in_bytes")
        self._stat = memory and memory / "memory.stat"

    @classmethod
    def of_container(
        cls, pid: int, container: str, mount: Path = MOUNT, processes: Path = Path("/proc")
    ) -> ControlGroup | None:
        """Those that name ``container`` and that its process is in; ``None`` if this machine has none."""
        try:
            lines = (processes / str(pid) / "cgroup").read_text().splitlines()
        except OSError:
            return None
        unified = (mount / "cgroup.controllers").exists()
        paths: dict[str, Path | None] = {}
        for line in lines:
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                folder = mount / controller / path.strip("/")
                paths[controller] = folder if container in path and folder.is_dir() else None
        freezer, memory = (paths.get("" if unified else name) for name in ("freezer", "memory"))
        return cls(freezer, memory, unified) if freezer or memory else None

    async def freeze(self) -> bool:
        """Stop all processes; false, and nothing is changed, if that can't be done."""
        if self._state is None or self._events is None:
            return False
        try:
            async with asyncio.timeout(FREEZE_SECONDS):
                self._state.write_text(self._on)
                while self._done not in self._events.read_text():  # noqa: ASYNC110 - the kernel doesn't tell
                    await asyncio.sleep(POLL_SECONDS)
        except BaseException as error:
            self.thaw()
            if isinstance(error, OSError):  # TimeoutError is one
                return False
            raise
        return True

    def thaw(self) -> bool:
        """Let them go on; false if we may not."""
        try:
            if self._state is not None:
                self._state.write_text(self._off)
        except OSError:
            return False
        return self._state is not None

    def resident_bytes(self) -> int | None:
        """The memory in use, less cached files that nobody has used lately."""
        if self._usage is None or self._stat is None:
            return None
        try:
            usage = int(self._usage.read_text())
            lines = (line.split() for line in self._stat.read_text().splitlines())
            return resident_bytes(usage, {line[0]: int(line[1]) for line in lines})
        except (OSError, ValueError, IndexError):
            return None


def resident_bytes(usage: int, statistics: Mapping[str, int]) -> int:
    """``usage`` less the inactive part of the page cache, which the kernel frees when memory is wanted."""
    inactive = statistics.get("total_inactive_file", statistics.get("inactive_file", 0))
    return max(0, usage - inactive)
