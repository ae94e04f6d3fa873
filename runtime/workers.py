"""The processes of an instance as the supervisor holds them."""

from __future__ import annotations

import os
import socket
import sys

from . import template
from .capture import Stream
from .frames import Channel
from .loading import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .notes import Notes


class Settings:
    """What the workers of an instance have in common; they get it by being forked."""

    def __init__(
        self,
        root: str,
        init: dict[str, Any],
        environ: Mapping[str, str],
        memory_cap: int | None,
        notes: Notes | None,
    ) -> None:
        self.root = root
        self.environment = {str(name): str(value) for name, value in init.get("environment", {}).items()}
        self.caps: dict[str, Any] = init.get("caps") or declared_caps(root)
        self.result_bytes = int(init["result_bytes"])
        self.log_bytes = int(init["log_bytes"])
        self.network_denied = init.get("network", "none") == "none"
        self.open_files = int(environ.get("FAAS_NOFILE") or 0)
        self.isolates_calls = init.get("isolate") == "call"
        self.contained = os.getpid() == 1 and not environ.get("FAAS_SCRATCH")  # all below / is ours
        self.scratch = environ.get("FAAS_SCRATCH") or "/tmp"  # noqa: S108 - the container's own
        if self.isolates_calls and not self.contained and not environ.get("FAAS_SCRATCH"):
            from tempfile import mkdtemp

            self.scratch = mkdtemp(prefix="faas-")  # /tmp isn't ours alone, and isn't ours to clean
        self.log_level = environ.get("FAAS_LOG_LEVEL") or "INFO"
        self.memory_cap = memory_cap
        self.pids_cap = self.caps.get("pids")
        """The author's; the engine's is a little higher, for the supervisor's sake."""
        self.supervisor = os.getpid()
        self.notes = notes

    @property
    def told(self) -> dict[str, Any]:
        """All of it that can be told to a process that was forked before; the notes it has."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


class Ends:
    """A control connection and three output pipes for a process to be: our ends, and those that it gets."""

    def __init__(self) -> None:
        self.control, self._theirs = socket.socketpair()
        pipes: list[tuple[int, int]] = []
        try:
            pipes.extend(os.pipe() for _ in range(3))
        except OSError:
            self.control.close()
            self._theirs.close()
            for descriptor in (end for pipe in pipes for end in pipe):
                os.close(descriptor)
            raise
        self.readers = [reader for reader, _ in pipes]
        self._writers = [writer for _, writer in pipes]

    @property
    def theirs(self) -> tuple[socket.socket, list[int]]:
        """Control connection and outputs (stdout, stderr, records) of the process."""
        return self._theirs, self._writers

    def close_theirs(self) -> None:
        """The process has them, or there will be none."""
        self._theirs.close()
        for writer in self._writers:
            os.close(writer)

    def close(self) -> None:
        """Close ours: there will be no process."""
        self.control.close()
        for reader in self.readers:
            os.close(reader)


class Worker:
    """A process below the supervisor, a worker or the template: its control channel and its output pipes."""

    def __init__(self, pid: int, control: socket.socket, readers: list[int], result_bytes: int) -> None:
        self.pid = pid
        names = ("stdout", "stderr", "")
        self.streams = [Stream(names[i], reader) for i, reader in enumerate(readers)]
        self.channel = Channel(control, result_bytes)

    def close(self) -> None:
        """Close our ends; the process has ended before."""
        self.channel.close()
        for stream in self.streams:
            os.close(stream.descriptor)


def fork_process(
    settings: Settings, template: socket.socket | None, imports: list[str] | None = None
) -> Worker:
    """Fork a process that imports the function; ``template`` and ``imports`` as in ``template.py``.

    Raises ``OSError``.
    """
    ends = Ends()
    try:
        pid = os.fork()
    except OSError:
        ends.close()
        raise
    else:
        if pid == 0:
            _become_process(settings, *ends.theirs, template, imports)
    finally:
        ends.close_theirs()
    return Worker(pid, ends.control, ends.readers, settings.result_bytes)


def declared_caps(root: str) -> dict[str, Any]:
    """Those in the image, which hold where the gateway says nothing else."""
    try:
        caps: dict[str, Any] = read_manifest(root).get("caps", {})
    except (OSError, ValueError):
        return {}  # the workers say it better
    return caps


def _become_process(
    settings: Settings,
    control: socket.socket,
    outputs: list[int],
    founded: socket.socket | None,
    imports: list[str] | None,
) -> None:
    """The child's whole life; never returns."""
    try:
        template.main(settings, control, outputs, None if founded is None else founded.fileno(), imports)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)
