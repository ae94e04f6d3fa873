"""Getting slots their workers: forked from the template, or started afresh where that isn't safe."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import namedtuple

from . import reports
from .forking import REQUEST
from .frames import Frame, FrameError, Kind
from .workers import Ends, Worker, fork_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .prepared import Prepared
    from .processes import Ended
    from .scratch import Scratch
    from .supervision import Supervision

    class Place(Protocol):
        """What a worker is started for: a slot."""

        def take(self, worker: Worker) -> None:
            """Here is the worker."""

        def begin(self) -> None:
            """Ask for the worker once more."""

        def starve(self, error: OSError) -> None:
            """No process could be had for the worker."""

        def lost(self, ended: Ended | None) -> None:
            """The template, which was to fork the worker, is gone."""


FORK_SECONDS = 5.0  # a template that takes longer hangs

_Birth = namedtuple("_Birth", "slot ends deadline")


class Starter:
    """Holds the template, if there is one, and the slots that wait for a worker. Never waits itself.

    The first process of an instance imports the function, works for the slot that it was started for, and
    forks the template off; the workers of all other slots, and all later ones, are forked from that.
    """

    def __init__(
        self, supervision: Supervision, scratch: Scratch | None = None, prepared: Prepared | None = None
    ) -> None:
        """``scratch`` if nothing of a call may be left; ``prepared`` if a process waits for a function."""
        self.template: Worker | None = None
        self._supervision = supervision
        self._scratch = scratch
        self._prepared = prepared
        self._alone = False  # whether each worker has to import the function for itself
        self._founder: Place | None = None  # whose worker is going to fork the template off
        self._control: socket.socket | None = None  # our end of the connection to a template to be
        self._waiting: list[Place] = []
        self._births: dict[int, Any] = {}
        self._number = 0

    # What the slots and the loop ask

    @property
    def expecting(self) -> bool:
        """Whether the template has been asked for workers that it hasn't named yet."""
        return bool(self._births)

    def start(self, slot: Place) -> None:
        """Get ``slot`` a worker, now or later; raises ``OSError`` if no process can be had."""
        if self._alone:
            slot.take(fork_process(self._supervision.settings, None))
        elif self.template is not None:
            self._request(self.template, slot)
        elif self._founder is not None:
            self._waiting.append(slot)
        else:
            self._found(slot)

    def on_import(self, slot: Place) -> None:
        """The worker of ``slot`` has imported the function; no call of it has run so far."""
        if slot is self._founder and self._scratch is not None:
            self._scratch.keep()  # what the import has written belongs to the function and not to a call

    def on_template(self, slot: Place, header: dict[str, Any]) -> None:
        """The worker of ``slot`` has forked the template off, or says that there can't be one."""
        control, self._control = self._control, None
        if slot is not self._founder or control is None:
            raise FrameError("a template that nobody wanted")
        self._founder = None
        pid = int(reports.number_in(header, "pid"))
        if pid:
            self.template = Worker(pid, control, [], self._supervision.settings.result_bytes)
            self._supervision.watch(self.template, self.receive)
        else:
            control.close()
            self._alone = header.get("alone") is True  # else no process could be had for it this time
        self._begin_waiting()

    def drop(self, slot: Place) -> None:
        """``slot`` has no worker any more, and waits for none."""
        for number, birth in list(self._births.items()):
            if birth.slot is slot:
                birth.ends.close()  # the worker ends when it finds its connection closed
                self._forget_birth(number)
        if slot in self._waiting:
            self._waiting.remove(slot)
        if slot is self._founder:
            self._founder = None
            if self._control is not None:
                self._control.close()
                self._control = None
            self._begin_waiting()

    def end_process(self, worker: Worker) -> Ended | None:
        """Kill a worker and everything that it started; the template and other slots' workers go on."""
        if self.expecting:
            self.receive()  # a worker may just have come into being
        return self._supervision.end_process(worker)

    def clean(self) -> None:
        """A call is over, of which nothing may be left for the next one if calls are isolated."""
        if self._scratch is not None and not self._scratch.reset():
            self.discard()

    def check(self) -> None:
        """Kill a template that hangs."""
        if any(time.monotonic() > birth.deadline for birth in self._births.values()):
            self._kill()

    def discard(self) -> list[Place]:
        """End the template, so that the next worker founds another; the slots that waited for it."""
        template, self.template = self.template, None
        slots = [birth.slot for birth in self._births.values()]
        for birth in self._births.values():
            birth.ends.close()
        self._births.clear()
        self._supervision.reaper.expect_nothing()
        if template is not None:
            self._supervision.end_process(template)
            template.close()
        return slots

    # What the template does

    def receive(self) -> None:
        """Frames of the template have come in."""
        template = self.template
        if template is None:
            return
        try:
            for frame in template.channel.receive():
                self._take(template, frame)
        except FrameError:
            self.lost(None)
            return
        if template.channel.ended:
            self._supervision.loop.forget(template.channel.fileno())
            if not self._supervision.is_ending(template):
                self.lost(None)

    def lost(self, ended: Ended | None) -> None:
        """The template is gone, or has to go: who waits for it starts over."""
        for slot in self.discard():
            slot.lost(ended)

    def _take(self, template: Worker, frame: Frame) -> None:
        if frame.kind != Kind.FORKED or not self._supervision.is_child(template):
            raise FrameError(f"a frame of kind {frame.kind} from the template")
        number = int(reports.number_in(frame.header, "birth"))
        birth = self._births.get(number)
        if birth is None:
            return  # the slot wants it no more
        pid = int(reports.number_in(frame.header, "pid"))
        if pid:
            slot, ends = birth.slot, birth.ends
            slot.take(Worker(pid, ends.control, ends.readers, self._supervision.settings.result_bytes))
        else:
            birth.ends.close()
            failed_with = int(reports.number_in(frame.header, "errno"))
            birth.slot.starve(OSError(failed_with, os.strerror(failed_with)))
        self._forget_birth(number)

    # How they come into being

    def _found(self, slot: Place) -> None:
        prepared, self._prepared = self._prepared, None
        waiting = None if prepared is None else prepared.take(self._supervision.settings)
        if waiting is not None:
            self._founder = slot
            worker, self._control = waiting
            slot.take(worker)
            return
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                worker = fork_process(self._supervision.settings, theirs)
            except OSError:
                ours.close()
                raise
        self._founder, self._control = slot, ours
        slot.take(worker)

    def _begin_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for slot in waiting:
            slot.begin()

    def _request(self, template: Worker, slot: Place) -> None:
        """Ask the template for a worker; should the template be gone already, its end is heard of later."""
        ends = Ends()
        self._number += 1
        self._births[self._number] = _Birth(slot, ends, time.monotonic() + FORK_SECONDS)
        self._supervision.reaper.expecting = True
        control, outputs = ends.theirs
        try:
            os.kill(template.pid, signal.SIGCONT)  # user code, which may signal it, might have stopped it
            template.channel.send_descriptors(REQUEST.pack(self._number), [control.fileno(), *outputs])
        except OSError:
            self._kill()
        finally:
            ends.close_theirs()

    def _kill(self) -> None:
        """Its end is noticed as any other is."""
        if self.template is not None and self._supervision.is_child(self.template):
            os.kill(self.template.pid, signal.SIGKILL)

    def _forget_birth(self, number: int) -> None:
        del self._births[number]
        if not self._births:
            self._supervision.reaper.expect_nothing()
