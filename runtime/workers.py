"""The processes of an instance as the supervisor holds them."""

from __future__ import annotations

import os
import socket
import sys

from . import template
from .capture import Stream
from .frames import Channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings


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
