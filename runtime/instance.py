"""The supervisor's loop: what the gateway says, which processes have ended, which caps are passed."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections import deque

from . import outcomes, processes
from .cgroups import Cgroup
from .frames import PROTOCOL_VERSION, Channel, Frame, FrameError, Kind
from .notes import MAX_SLOTS, Notes
from .settings import Settings
from .slots import Slot
from .starter import Starter
from .supervision import Supervision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .outcomes import Outcome
    from .prepared import Prepared

MAX_CALL_BYTES = 2 * 10**9  # the gateway enforces the payload cap; this only bounds a broken one
POLL_SECONDS = 0.05


class Instance:
    """The slots, and the caps that no kernel enforces."""

    _starter: Starter

    def __init__(self, root: str, environ: Mapping[str, str], connection: socket.socket, front: int) -> None:
        self._root = root
        self._environ = environ
        self._front = front
        self._memory_cap = int(environ.get("FAAS_MEMORY_BYTES") or 0)
        self._pids_cap = int(environ.get("FAAS_PIDS") or 0)
        local = connection.family == socket.AF_UNIX  # descriptors can come along with frames
        notes = Notes() if local and not (front or self._watches) else None
        self._link = Channel(connection, MAX_CALL_BYTES)
        self._supervision = Supervision(self._link, notes, front)
        self._next_poll = 0.0
        self._slots: list[Slot] = []
        self._lines: deque[int] = deque()  # whose frames haven't been read yet
        self._prepared: Prepared | None = None
        self._stopping = False
        self._signals = _signal_pipe()
        self._supervision.loop.watch(self._signals, self._on_signal)
        self._supervision.loop.watch_channel(self._link, self._on_link)

    def run(self) -> int:
        """Serve until the link closes, or until we are told to end; the exit status."""
        python = ".".join(str(number) for number in sys.version_info[:3])
        self._link.send(Kind.HELLO, 0, {"protocol": PROTOCOL_VERSION, "python": python})
        try:
            while not self._stopping and not self._link.ended:
                self._turn()
        except (processes.Remains, FrameError) as error:
            sys.stderr.write(f"The instance ends: {error}\n")
            return 1
        finally:
            if os.getpid() != 1:  # with PID 1 the kernel ends everything in the container
                processes.end_all_but((), self._supervision.reaper)
        return 1 if self._front and not self._stopping else 0

    # The loop

    def _turn(self) -> None:
        self._supervision.loop.turn(self._patience())
        for slot in self._slots:
            if slot.worker is not None and slot.worker.pid in self._supervision.reaper.ended:
                slot.ended(self._supervision.reaper.ended[slot.worker.pid])
        template = self._starter.template if self._slots else None
        if template is not None and template.pid in self._supervision.reaper.ended:
            self._starter.lost(self._supervision.reaper.ended[template.pid])
        if self._patience() is not None and time.monotonic() >= self._next_poll:
            self._poll()

    def _on_signal(self) -> None:
        try:
            numbers = os.read(self._signals, 4096)
        except BlockingIOError:
            return
        self._supervision.reaper.collect()
        self._stopping = self._stopping or signal.SIGTERM in numbers or signal.SIGINT in numbers

    # What the gateway says

    def _on_link(self) -> None:
        frames, descriptors = self._link.receive_with_descriptors()
        self._lines.extend(descriptors)
        for frame in frames:
            if frame.kind == Kind.INIT:
                self._start(frame)
            elif frame.kind == Kind.PREPARE and not self._slots:
                self._prepare(frame)
            elif frame.kind == Kind.STOP:
                self._stopping = True
            elif frame.kind not in {Kind.CALL, Kind.KILL, Kind.LINE} or frame.slot >= len(self._slots):
                raise FrameError(f"the gateway sent a frame of kind {frame.kind} for slot {frame.slot}")
            elif frame.kind == Kind.CALL:
                self._slots[frame.slot].call(frame)
            elif frame.kind == Kind.LINE:
                self._slots[frame.slot].connect(self._lines.popleft() if self._lines else None)
            else:
                self._slots[frame.slot].kill()

    def _prepare(self, frame: Frame) -> None:
        from .prepared import Prepared

        self._prepared = Prepared(self._supervision, self._root, self._environ, frame.header)

    def _start(self, frame: Frame) -> None:
        if self._prepared is not None:
            # The function's own caps have taken the place of those that it waited under.
            self._supervision.cgroup = Cgroup()
        shared, scratch = self._supervision, None
        cap = self._memory_cap or shared.cgroup.memory_cap
        settings = shared.settings = Settings(self._root, frame.header, self._environ, cap, shared.notes)
        if settings.isolates_calls:
            from .scratch import Scratch  # costs milliseconds that only functions with isolated calls pay

            scratch = Scratch(settings.scratch, settings.contained)
        self._starter = Starter(shared, scratch, self._prepared)
        workers = int(frame.header["workers"])
        shared.offers_lines = shared.notes is not None and workers <= MAX_SLOTS and not scratch
        self._slots = [Slot(index, shared, self._starter) for index in range(workers)]
        for slot in self._slots:
            slot.start()

    # What has to be looked at now and then: caps where no kernel enforces them (the process engine)

    @property
    def _watches(self) -> bool:
        return bool(self._memory_cap or self._pids_cap)

    def _patience(self) -> float | None:
        expecting = bool(self._slots) and self._starter.expecting
        if expecting or any(slot.starved or (self._watches and slot.busy) for slot in self._slots):
            return max(0.0, self._next_poll - time.monotonic())
        return None

    def _poll(self) -> None:
        self._starter.check()
        for slot in self._slots:
            if slot.starved:
                slot.start()
            elif slot.busy and slot.worker is not None:
                outcome = self._passed_cap(slot.worker.pid)
                if outcome is not None:
                    slot.end(outcome)
        self._next_poll = time.monotonic() + POLL_SECONDS

    def _passed_cap(self, pid: int) -> Outcome | None:
        memory, tasks = processes.usage_below(pid)
        if self._memory_cap and memory > self._memory_cap:
            memory = processes.distinct_bytes(pid)
        if self._memory_cap and memory > self._memory_cap:
            return outcomes.out_of_memory(self._memory_cap, memory)
        if self._pids_cap and tasks > self._pids_cap:
            return outcomes.too_many_processes(self._pids_cap, tasks)
        return None


def _signal_pipe() -> int:
    """The numbers of the signals that come in can be read from this descriptor."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader
