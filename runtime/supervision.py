"""What the parts of a supervisor share: the link, the loop, and the processes below it."""

from __future__ import annotations

import os

from . import processes
from .cgroups import Cgroup
from .loop import Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .frames import Channel
    from .notes import Notes
    from .settings import Settings
    from .workers import Worker


class Supervision:
    """Made with the link; has ``settings`` as soon as the gateway has said which function it is."""

    settings: Settings

    def __init__(self, link: Channel, notes: Notes | None, front: int) -> None:
        self.link = link
        self.notes = notes
        self.loop = Loop()
        self.reaper = processes.Reaper()
        self.cgroup = Cgroup()
        self.proven = False  # whether a worker was ready once, so that the function can be started
        self.offers_lines = False  # whether workers may have lines of their own to the gateway
        self._front = front

    def watch(self, worker: Worker, receive: Callable[[], None]) -> None:
        """Keep how this process ends, and call back when it has said something."""
        self.reaper.watch(worker.pid)
        self.loop.watch_channel(worker.channel, receive)

    def is_ending(self, worker: Worker) -> bool:
        """Whether the process has ended or is about to, and not merely closed its connection; if so, the loop
        hears of it."""
        return worker.pid not in self.reaper.watched or processes.is_ending(worker.pid)

    def is_child(self, worker: Worker) -> bool:
        """Whether the process is a child of ours, or was: the template only claims so."""
        try:
            os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return worker.pid in self.reaper.ended
        return True

    def end_process(self, worker: Worker) -> processes.Ended | None:
        """Kill a process and everything that it started; the others that are watched go on."""
        self.loop.forget(worker.channel.fileno())
        for stream in worker.streams:
            self.loop.forget(stream.descriptor)
        processes.end_all_but((self.reaper.watched | {self._front}) - {worker.pid}, self.reaper)
        return self.reaper.ended.pop(worker.pid, None)
