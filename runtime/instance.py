"""The supervisor's loop, and what its slots share."""

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
from .loop import Loop
from .notes import MAX_SLOTS, Notes
from .slots import Slot
from .starter import Starter
from .workers import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .capture import Stream
    from .outcomes import Outcome
    from .prepared import Prepared
    from .scratch import Scratch
    from .workers import Worker

MAX_CALL_BYTES = 2 * 10**9  # the gateway enforces the payload cap; this only bounds a broken one
POLL_SECONDS = 0.05


class Instance:
    """The link, the slots, and the caps that no kernel enforces."""

    settings: Settings
    starter: Starter

    def __init__(self, root: str, environ: Mapping[str, str], connection: socket.socket, front: int) -> None:
        self.link = Channel(connection, MAX_CALL_BYTES)
        self.cgroup = Cgroup()
        self.proven = False  # whether a worker was ready once, so that the function can be started
        self._root = root
        self._environ = environ
        self._front = front
        self._memory_cap = int(environ.get("FAAS_MEMORY_BYTES") or 0)
        self._pids_cap = int(environ.get("FAAS_PIDS") or 0)
        local = connection.family == socket.AF_UNIX  # descriptors can come along with frames
        self.notes = Notes() if local and not (front or self._watches) else None
        self.offers_lines = False  # whether workers may have lines of their own to the gateway
        self._next_poll = 0.0
        self._scratch: Scratch | None = None
        self._slots: list[Slot] = []
        self._lines: deque[int] = deque()  # whose frames haven't been read yet
        self._prepared: Prepared | None = None
        self.reaper = processes.Reaper()
        self._stopping = False
        self._signals = _signal_pipe()
        self._loop = Loop()
        self._loop.watch(self._signals, self._on_signal)
        self._loop.watch_channel(self.link, self._on_link)

    def run(self) -> int:
        """Serve until the link closes, or until we are told to end; the exit status."""
        python = ".".join(str(number) for number in sys.version_info[:3])
        self.link.send(Kind.HELLO, 0, {"protocol": PROTOCOL_VERSION, "python": python})
        try:
            while not self._stopping and not self.link.ended:
                self._turn()
        except (processes.Remains, FrameError) as error:
            sys.stderr.write(f"The instance ends: {error}\n")
            return 1
        finally:
            if os.getpid() != 1:  # with PID 1 the kernel ends everything in the container
                processes.end_all_but((), self.reaper)
        return 1 if self._front and not self._stopping else 0

    # For the slots

    def adopt(self, slot: Slot, worker: Worker) -> None:
        """Watch a fresh worker."""
        self.watch(worker, slot.receive)
        for stream in worker.streams:
            self._loop.watch(stream.descriptor, self._reader_of(slot, stream))

    def watch(self, worker: Worker, receive: Callable[[], None]) -> None:
        """Keep how this process ends, and call back when it has said something."""
        self.reaper.watch(worker.pid)
        self._loop.watch_channel(worker.channel, receive)

    def forget(self, descriptor: int) -> None:
        """Watch this descriptor no longer."""
        self._loop.forget(descriptor)

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
        """Kill a process and everything that it started; the template and other slots' workers go on."""
        self.forget(worker.channel.fileno())
        for stream in worker.streams:
            self.forget(stream.descriptor)
        if self.starter.expecting:
            self.starter.receive()  # a worker may just have come into being
        spared = {slot.worker.pid for slot in self._slots if slot.worker is not None} | {self._front}
        if self.starter.template is not None:
            spared.add(self.starter.template.pid)
        processes.end_all_but(spared - {worker.pid}, self.reaper)
        return self.reaper.ended.pop(worker.pid, None)

    def take_prepared(self) -> tuple[Worker, socket.socket] | None:
        """The process that waited for this function, once; see ``prepared.py``."""
        prepared, self._prepared = self._prepared, None
        return prepared.take(self.settings) if prepared is not None else None

    def keep(self) -> None:
        """The function has been imported: what it has written belongs to it and not to a call."""
        if self._scratch is not None:
            self._scratch.keep()

    def clean(self) -> None:
        """A call is over, of which nothing may be left for the next one if calls are isolated."""
        if self._scratch is not None and not self._scratch.reset():
            self.starter.discard()

    # The loop

    def _turn(self) -> None:
        self._loop.turn(self._patience())
        for slot in self._slots:
            if slot.worker is not None and slot.worker.pid in self.reaper.ended:
                slot.ended(self.reaper.ended[slot.worker.pid])
        template = self.starter.template if self._slots else None
        if template is not None and template.pid in self.reaper.ended:
            self.starter.lost(self.reaper.ended[template.pid])
        if self._patience() is not None and time.monotonic() >= self._next_poll:
            self._poll()

    def _reader_of(self, slot: Slot, stream: Stream) -> Callable[[], None]:
        def read() -> None:
            if not slot.read(stream):
                self.forget(stream.descriptor)

        return read

    def _on_signal(self) -> None:
        try:
            numbers = os.read(self._signals, 4096)
        except BlockingIOError:
            return
        self.reaper.collect()
        self._stopping = self._stopping or signal.SIGTERM in numbers or signal.SIGINT in numbers

    # What the gateway says

    def _on_link(self) -> None:
        frames, descriptors = self.link.receive_with_descriptors()
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

        self._prepared = Prepared(self, self._root, self._environ, frame.header)

    def _start(self, frame: Frame) -> None:
        if self._prepared is not None:
            # The function's own caps have taken the place of those that it waited under.
            self.cgroup = Cgroup()
        cap = self._memory_cap or self.cgroup.memory_cap
        self.settings = Settings(self._root, frame.header, self._environ, cap, self.notes)
        if self.settings.isolates_calls:
            from .scratch import Scratch  # costs milliseconds that only functions with isolated calls pay

            self._scratch = Scratch(self.settings.scratch, self.settings.contained)
        self.starter = Starter(self)
        workers = int(frame.header["workers"])
        self.offers_lines = self.notes is not None and workers <= MAX_SLOTS and not self._scratch
        self._slots = [Slot(index, self) for index in range(workers)]
        for slot in self._slots:
            slot.start()

    # What has to be looked at now and then: caps where no kernel enforces them (the process engine)

    @property
    def _watches(self) -> bool:
        return bool(self._memory_cap or self._pids_cap)

    def _patience(self) -> float | None:
        expecting = bool(self._slots) and self.starter.expecting
        if expecting or any(slot.starved or (self._watches and slot.busy) for slot in self._slots):
            return max(0.0, self._next_poll - time.monotonic())
        return None

    def _poll(self) -> None:
        self.starter.check()
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
