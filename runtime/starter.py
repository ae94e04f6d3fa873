"""Getting slots their workers: forked from the template, or started afresh where that isn't safe."""

from __future__ import annotations

import os
import signal
import time
from collections import namedtuple

from . import reports
from .capture import Capture, Stream
from .forking import REQUEST
from .frames import Frame, FrameError, Kind
from .workers import Ends, Worker, fork_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instance import Instance
    from .processes import Ended
    from .slots import Slot

FORK_SECONDS = 5.0  # a template that takes longer hangs
END_OF_STREAM_SECONDS = 0.1
MAX_RESTARTS = 3

_Birth = namedtuple("_Birth", "slot ends deadline")


class Starter:
    """Holds the template, if there is one, and the slots that wait for a worker. Never waits itself."""

    def __init__(self, instance: Instance) -> None:
        self.template: Worker | None = None
        self.importing = False
        self._instance = instance
        self._alone = False  # whether each worker has to import the function for itself
        self._waiting: list[Slot] = []
        self._births: dict[int, Any] = {}
        self._number = 0
        self._restarts = 0  # since a worker was last forked
        self._capture = Capture(instance.settings.log_bytes)

    # What the slots and the loop ask

    @property
    def expecting(self) -> bool:
        """Whether the template has been asked for workers that it hasn't named yet."""
        return bool(self._births)

    def start(self, slot: Slot) -> None:
        """Get ``slot`` a worker, now or later; raises ``OSError`` if no process can be had."""
        if self._alone:
            slot.take(fork_process(self._instance.settings, alone=True))
        elif self.template is None:
            self._launch()
            self._waiting.append(slot)
        elif self.importing:
            self._waiting.append(slot)
        else:
            self._request(slot)

    def cancel(self, slot: Slot) -> None:
        """``slot`` wants the worker no more that it waits for."""
        for number, birth in list(self._births.items()):
            if birth.slot is slot:
                birth.ends.close()  # the worker ends when it finds its connection closed
                self._forget_birth(number)
        if slot in self._waiting:
            self._waiting.remove(slot)
            if self._instance.proven:  # it could import once, and may hang now: the next one needn't
                self._kill()

    def renew(self) -> None:
        """End the template; the next worker gets another one."""
        self._discard()

    def check(self) -> None:
        """Kill a template that hangs."""
        if any(time.monotonic() > birth.deadline for birth in self._births.values()):
            self._kill()

    def end(self, outcome: dict[str, Any]) -> None:
        """End the template for passing a cap while it imports."""
        for slot in self._discard():
            slot.end(outcome)

    # What the template does

    def receive(self) -> None:
        """Frames of the template have come in."""
        template = self.template
        if template is None:
            return
        try:
            for frame in template.channel.receive():
                self._take(frame)
                if self.template is not template:
                    return
        except FrameError:
            self._lost(None)
            return
        if template.channel.ended:
            self._instance.forget(template.channel.fileno())
            if not self._instance.has_ended(template, END_OF_STREAM_SECONDS):
                self._lost(None)

    def read(self, stream: Stream) -> bool:
        """Output has come in; whether more may come."""
        more = self._capture.read(stream)
        self._send_log()
        return more

    def ended(self, ended: Ended) -> None:
        """The template was reaped."""
        template = self.template
        while (
            template is not None
            and self.template is template
            and not (template.channel.ended or template.channel.quiet)
        ):
            self.receive()  # it may have said something before it ended
        if template is not None and self.template is template:
            self._lost(ended)

    def _take(self, frame: Frame) -> None:
        if frame.kind == Kind.FORKED and not self.importing:
            self._on_forked(frame.header)
        elif frame.kind == Kind.TEMPLATE and self.importing:
            self._on_imported()
        elif frame.kind == Kind.READY and self.importing:
            self._on_alone(frame)
        elif frame.kind == Kind.FAILED and self.importing:
            outcome = reports.outcome_in(frame.header)
            for slot in self._discard():
                slot.fail(outcome)
        else:
            raise FrameError(f"a frame of kind {frame.kind} out of turn")

    def _on_imported(self) -> None:
        self._flush_output()
        self.importing = False
        self._instance.keep()
        waiting, self._waiting = self._waiting, []
        for slot in waiting:
            slot.begin()

    def _on_alone(self, frame: Frame) -> None:
        """It can't be a template: it is the first slot's worker; the others get processes of their own."""
        self._flush_output()
        worker, self.template, self.importing, self._alone = self.template, None, False, True
        waiting, self._waiting = self._waiting, []
        if worker is None:
            return
        if not waiting:
            self._instance.end_process(worker)
            worker.close()
            return
        self._instance.release(worker)
        waiting[0].take(worker)
        waiting[0].hear(frame)
        for slot in waiting[1:]:
            slot.begin()

    def _on_forked(self, header: dict[str, Any]) -> None:
        birth = self._births.get(int(reports.number_in(header, "birth")))
        if birth is None:
            return  # cancelled
        self._forget_birth(int(header["birth"]))
        self._restarts = 0
        if "errno" in header:
            birth.ends.close()
            number = int(reports.number_in(header, "errno"))
            birth.slot.starve(OSError(number, os.strerror(number)))
        else:
            pid = int(reports.number_in(header, "pid"))
            birth.slot.take(Worker(pid, birth.ends, self._instance.settings.result_bytes))

    # Its beginning and its end

    def _launch(self) -> None:
        self.template = fork_process(self._instance.settings, alone=False)
        self.importing = True
        self._capture.restart()
        self._instance.adopt(self, self.template)

    def _request(self, slot: Slot) -> None:
        """Ask the template for a worker; should the template be gone already, its end is heard of later."""
        template = self.template
        if template is None:
            return
        ends = Ends()
        self._number += 1
        self._births[self._number] = _Birth(slot, ends, time.monotonic() + FORK_SECONDS)
        self._instance.reaper.expecting = True
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
        if self.template is not None and self.template.pid in self._instance.reaper.watched:
            os.kill(self.template.pid, signal.SIGKILL)

    def _lost(self, ended: Ended | None) -> None:
        """The template is gone, or has to go: whoever waits for it starts over, which gets another one."""
        slots = self._discard()
        for slot in slots:
            slot.lost(ended)
        if not slots and self._instance.proven and self._restarts < MAX_RESTARTS:
            self._restarts += 1
            try:
                self._launch()
            except OSError:
                return  # the next slot that needs a worker tries again

    def _discard(self) -> list[Slot]:
        """End the template; the slots that wait."""
        template, self.template, self.importing = self.template, None, False
        slots = [birth.slot for birth in self._births.values()] + self._waiting
        for birth in self._births.values():
            birth.ends.close()
        self._births.clear()
        self._waiting = []
        self._instance.reaper.expect_nothing()
        if template is not None:
            self._instance.end_process(template)
            self._flush_output(template, slots)
            template.close()
        return slots

    def _forget_birth(self, number: int) -> None:
        del self._births[number]
        if not self._births:
            self._instance.reaper.expect_nothing()

    # Output: that of the import goes into the log of the first slot that waits for it

    def _flush_output(self, template: Worker | None = None, slots: list[Slot] | None = None) -> None:
        template = template or self.template
        for stream in template.streams if template else ():
            self._capture.drain(stream)
        self._send_log(slots)

    def _send_log(self, slots: list[Slot] | None = None) -> None:
        slots = slots or self._waiting
        for body in self._capture.batches():
            if slots:
                header = {"dropped": self._capture.report()}
                self._instance.link.send(Kind.LOG, slots[0].index, header, body)
