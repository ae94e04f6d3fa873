"""A slot: one worker after the other, and the calls that they run."""

from __future__ import annotations

import os

from . import closing, outcomes, reports
from .capture import Capture, Stream
from .frames import Frame, FrameError, Kind, encode_frame
from .gauge import Gauge
from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .outcomes import Outcome
    from .processes import Ended
    from .starter import Starter
    from .supervision import Supervision
    from .workers import Worker

MAX_RESTARTS = 3


class Slot:
    """Runs one call at a time; replaces its worker when a call took it along."""

    def __init__(self, index: int, supervision: Supervision, starter: Starter) -> None:
        self.index = index
        self.worker: Worker | None = None
        self.starved = False  # whether no process could be had for the worker
        self._supervision = supervision
        self._starter = starter
        self._capture = Capture(supervision.settings.log_bytes)
        self._call: Frame | None = None
        self._ready = False
        self._announced = False  # whether the gateway has had the READY that it waits for
        self._restarts = 0  # since the last call that was answered
        self._notes = supervision.notes
        self._lined = False  # whether the worker has a line: its calls don't come through here
        self._ever_lined = False
        self._gauge = Gauge(supervision.cgroup, supervision.settings.pids_cap)
        self._progress = Progress(supervision.settings.result_bytes)

    @property
    def busy(self) -> bool:
        """Whether user code is meant to be running: a call, or the worker's start."""
        return self.worker is not None and (self._call is not None or not self._ready)

    # What the gateway asks

    def start(self) -> None:
        """Have a worker started; it says READY when it has the function."""
        self._ready = self._lined = False
        if self._notes is not None:
            self._notes.reset(self.index)
        self._capture.restart()
        self._gauge.start(0.0)
        self.begin()

    def begin(self) -> None:
        """The same once more, for the worker that was waited for has to come in another way."""
        try:
            self._starter.start(self)
        except OSError as error:
            self.starve(error)

    def starve(self, error: OSError) -> None:
        """No process could be had for the worker."""
        self.starved = self._supervision.proven  # what another slot does takes all places; they come free
        if not self.starved:
            self.fail(outcomes.failure("crashed", f"The function's process can't be started: {error}."))

    def take(self, worker: Worker) -> None:
        """Here is the worker."""
        self.worker = worker
        self.starved = False
        self._supervision.watch(worker, self.receive)
        for stream in worker.streams:
            self._supervision.loop.watch(stream.descriptor, self._reader_of(stream))

    def call(self, frame: Frame) -> None:
        """Run a call, as soon as the worker is ready."""
        self._call = frame
        if self._ready:
            self._forward(frame)

    def connect(self, descriptor: int | None) -> None:
        """Give the worker its line to the gateway.

        If the worker has just gone, its place is closed with this descriptor, and the gateway waits for the
        READY of the next one. If the descriptor got lost on its way, calls go through here.
        """
        self._ever_lined = True
        if descriptor is None:
            self._supervision.offers_lines = False
            self._announce({"line": False})
            return
        self._announced = False
        try:
            if self.worker is not None and self._ready and not self._lined:
                self.worker.channel.send_descriptors(encode_frame(Kind.LINE, self.index), [descriptor])
                self._lined = True
        except OSError:
            return  # the worker has ended, which is noticed like any end
        finally:
            os.close(descriptor)

    def kill(self) -> None:
        """End the call and all that it started, and answer; without a line: nothing if it has just ended.

        With a line we can't tell whether it has, and the gateway counts on one answer to each ``KILL``.
        """
        if self._call is not None or self._lined:
            if self.worker is not None:
                closing.let_clean_up(self.worker.pid, self.worker.channel, self._take_late)
            self._retire(outcomes.killed())
        elif self._ever_lined:
            self._answer(outcomes.killed(), self._gauge.usage(None), not self._ready)

    def end(self, outcome: Outcome) -> None:
        """End what runs, for passing a cap that the supervisor watches."""
        if self._call is not None:
            self._retire(outcome)
        else:
            self.fail(outcome)

    def fail(self, outcome: Outcome) -> None:
        """The function can't be started: the instance is of no more use."""
        ended = self._discard()
        if self._call is not None:
            self._answer(outcome, self._gauge.usage(ended), True)
        self._supervision.link.send(Kind.FAILED, self.index, outcome)

    def lost(self, ended: Ended | None) -> None:
        """The template, which was to fork the worker, is gone."""
        during = self._during
        self._lost(outcomes.broke_off(during) if ended is None else self._gauge.cause(ended, during))

    # What the worker does

    def receive(self) -> None:
        """Frames of the worker have come in."""
        worker = self.worker
        if worker is None:
            return
        try:
            for frame in worker.channel.receive():
                self._take(frame)
                if self.worker is not worker:
                    return  # the rest was said by one who is gone
        except FrameError:
            self._lost(outcomes.broke_off(self._during))
            return
        if worker.channel.ended:
            self._supervision.loop.forget(worker.channel.fileno())
            if not self._supervision.is_ending(worker):
                self._lost(outcomes.broke_off(self._during))

    def read(self, stream: Stream) -> bool:
        """Output has come in; whether more may come."""
        if self._notes is not None:
            self._notes.on_output(self.index)
        more = self._capture.read(stream)
        self._send_log()
        return more

    def ended(self, ended: Ended) -> None:
        """The worker was reaped."""
        worker = self.worker
        if worker is not None:
            self.receive()  # it may have answered before it ended
        while (
            worker is not None
            and self.worker is worker
            and not (worker.channel.ended or worker.channel.quiet)
        ):
            self.receive()
        if self.worker is worker:
            self._lost(self._gauge.cause(ended, self._during))

    def _reader_of(self, stream: Stream) -> Callable[[], None]:
        def read() -> None:
            if not self.read(stream):
                self._supervision.loop.forget(stream.descriptor)

        return read

    # How a worker's frames and its end are answered

    def _take(self, frame: Frame) -> None:
        if frame.kind == Kind.READY and not self._ready:
            self._on_ready(frame)
        elif frame.kind == Kind.FAILED and not self._ready:
            self.fail(reports.outcome_in(frame.header))
        elif frame.kind == Kind.RESULT and self._ready and self._may_answer:
            self._on_result(frame)
        elif frame.kind == Kind.CHUNK and self._ready and self._may_answer:
            self._supervision.link.send(Kind.CHUNK, self.index, reports.reply_in(frame.header), frame.body)
        elif frame.kind == Kind.PROGRESS and self._ready and self._may_answer:
            self._progress.take(frame.header, frame.body)
        elif frame.kind == Kind.TEMPLATE and self._ready:
            self._starter.on_template(self, frame.header)
        else:
            raise FrameError(f"a frame of kind {frame.kind} out of turn")

    def _take_late(self, frame: Frame) -> None:
        """What a worker says while its call is being ended: how far it has come is still worth knowing."""
        if frame.kind == Kind.PROGRESS:
            self._progress.take(frame.header, frame.body)

    def _on_ready(self, frame: Frame) -> None:
        if self.worker is None or not self._supervision.is_child(self.worker):
            raise FrameError("a worker with the process id of another")
        init_seconds = reports.number_in(frame.header, "init_seconds")
        self._gauge.cpu_before = reports.number_in(frame.header, "cpu_total")
        self._ready = self._supervision.proven = True
        self._flush_output()
        if frame.header.get("template") is True:
            self._starter.on_import(self)
        if not self._announced:
            self._announce({"init_seconds": init_seconds, "line": self._supervision.offers_lines})
        if self._call is not None:
            self._forward(self._call)

    def _announce(self, header: dict[str, Any]) -> None:
        self._announced = True
        self._supervision.link.send(Kind.READY, self.index, header)

    def _on_result(self, frame: Frame) -> None:
        outcome = reports.outcome_in(frame.header)
        usage = reports.usage_in(frame.header)
        self._gauge.cpu_before = reports.number_in(frame.header, "cpu_total")
        self._restarts = 0
        if not outcome["ok"]:
            self._gauge.blame_caps(outcome)
        if frame.header.get("leftovers") is True or self._supervision.settings.isolates_calls:
            self._retire(outcome, usage, frame.body)
        else:
            self._answer(outcome, usage, False, frame.body)
            if self._lined:  # nobody says when the next one begins
                self._capture.restart()
                self._gauge.start()

    def _forward(self, frame: Frame) -> None:
        self._capture.restart()
        self._progress.restart()
        self._gauge.start()
        if self.worker is not None:
            self.worker.channel.forward(frame)

    def _lost(self, outcome: Outcome) -> None:
        """The worker is gone, or has to go."""
        if self._lined and self._notes is not None and self._notes.answered(self.index):
            self._restarts = 0
        if self._in_call:
            self._retire(outcome)
        elif self._supervision.proven and self._restarts < MAX_RESTARTS:
            self._restarts += 1  # what another slot does may cost it its life; nobody has to know
            self._discard()
            self.start()
        else:
            self.fail(outcome)

    def _retire(self, outcome: Outcome, usage: dict[str, Any] | None = None, body: bytes = b"") -> None:
        """End the worker with all that it started, then answer, then start a fresh one."""
        if self._lined and self._notes is not None:
            self._gauge.take(*self._notes.call(self.index))
            outcome = {**outcome, "calls": self._notes.calls(self.index)}
        ended = self._discard()
        self._announced = False
        if usage is None:
            outcome, body = self._progress.attach(outcome)
        self._answer(outcome, usage or self._gauge.usage(ended), True, body)
        self._starter.clean()
        self.start()

    def _discard(self) -> Ended | None:
        worker, self.worker, self._ready = self.worker, None, False
        ended = None if worker is None else self._starter.end_process(worker)
        self._starter.drop(self)
        if worker is None:
            return None
        self._flush_output(worker)
        worker.close()
        return ended

    def _answer(self, outcome: Outcome, usage: dict[str, Any], retired: bool, body: bytes = b"") -> None:
        self._flush_output()
        self._progress.restart()
        if self._capture.unreported:
            self._supervision.link.send(Kind.LOG, self.index, {"dropped": self._capture.report()})
        self._call = None
        header = {**outcome, "usage": usage, "retired": retired}
        sent = body if outcome["ok"] or "attached" in outcome else b""
        self._supervision.link.send(Kind.RESULT, self.index, header, sent)

    # Output

    def _flush_output(self, worker: Worker | None = None) -> None:
        worker = worker or self.worker
        for stream in worker.streams if worker else ():
            self._capture.drain(stream)
        self._send_log()

    def _send_log(self) -> None:
        for body in self._capture.batches():
            self._supervision.link.send(Kind.LOG, self.index, {"dropped": self._capture.report()}, body)

    @property
    def _may_answer(self) -> bool:
        """Whether an answer can be meant; the gateway knows when a worker with a line has a call."""
        return self._lined or self._call is not None

    @property
    def _in_call(self) -> bool:
        """Whether a call runs; a worker with a line could say anything about that."""
        if self._lined and self._notes is not None:
            return self._notes.running(self.index)
        return self._call is not None

    @property
    def _during(self) -> str:
        return "the call" if self._in_call else "idle time" if self._ready else "its start"
