"""What a gateway and its containers hold: processes, descriptors, memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.docker import containers_of, processes_below


@dataclass(frozen=True)
class Counts:
    """Taken at one moment; sizes in bytes."""

    containers: int
    processes: int
    """In the containers."""
    zombies: int
    gateway_descriptors: int
    gateway_threads: int
    supervisor_descriptors: int
    """Of the first processes of all containers."""
    gateway_bytes: int
    supervisor_bytes: int

    def describe(self) -> str:
        """On a line."""
        return (
            f"{self.containers} containers, {self.processes} processes, {self.zombies} zombies; descriptors "
            f"{self.gateway_descriptors} + {self.supervisor_descriptors}, {self.gateway_threads} threads; "
            f"gateway {self.gateway_bytes / 1e6:.1f} MB, supervisors {self.supervisor_bytes / 1e6:.1f} MB"
        )

    @property
    def things(self) -> dict[str, int]:
        """What can be counted, and has to be as before when nothing runs."""
        return {
            "containers": self.containers,
            "processes": self.processes,
            "zombies": self.zombies,
            "descriptors of the gateway": self.gateway_descriptors,
            "descriptors of the supervisors": self.supervisor_descriptors,
        }


def counts(gateway: int, owner: str) -> Counts:
    """Those of the gateway with this process id, and of the containers that it owns."""
    containers = containers_of(owner)
    roots = [int(container.attrs["State"]["Pid"]) for container in containers]
    roots = [root for root in roots if root]
    inside = [pid for root in roots for pid in processes_below(root)]
    return Counts(
        containers=len(containers),
        processes=len(inside),
        zombies=sum(_is_zombie(pid) for pid in {*inside, *processes_below(gateway)}),
        gateway_descriptors=_descriptors(gateway),
        gateway_threads=_entries(Path(f"/proc/{gateway}/task")),
        supervisor_descriptors=sum(map(_descriptors, roots)),
        gateway_bytes=resident_bytes(gateway),
        supervisor_bytes=sum(map(resident_bytes, roots)),
    )


def resident_bytes(pid: int) -> int:
    """Memory of a process that is not shared with files: what it has allocated."""
    return sum(size for name, size in _status(pid) if name == "RssAnon:")


def _status(pid: int) -> Iterator[tuple[str, int]]:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition("\t")
            if value.endswith(" kB"):
                yield name, int(value.split()[0]) * 1024


def _is_zombie(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def _descriptors(pid: int) -> int:
    return _entries(Path(f"/proc/{pid}/fd"))


def _entries(folder: Path) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return len(list(folder.iterdir()))
    return 0
