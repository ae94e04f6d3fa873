"""The gateway's side of the instance protocol, for the image that serves itself: many threads, one link."""

from __future__ import annotations

import queue
import socket
import sys
import threading
import time

from .frames import PROTOCOL_VERSION, Frame, FrameReader, Kind, encode_frame
from .outcomes import failure
from .progress import running, step_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_RESULT_BYTES = 2 * 10**9
WAITING_PER_WORKER = 16
END_SECONDS = 10.0  # the supervisor ends a call within milliseconds, or ends itself


class Answer:
    """How a call ended: an outcome, its body if it is a result, and how long it waited and ran."""

    def __init__(self, outcome: dict[str, Any], body: bytes, queue_seconds: float) -> None:
        self.outcome = outcome
        self.body = body
        self.queue_seconds = queue_seconds


class Backend:
    """Gives calls to free workers, and holds their deadlines."""

    def __init__(self, link: socket.socket, caps: dict[str, Any]) -> None:
        self._link = link
        self._caps = caps
        self._workers = int(caps.get("concurrency", 1))
        self._timeout = float(caps.get("timeout_seconds", 30.0))
        self._free: queue.Queue[int] = queue.Queue()
        self._results: list[queue.Queue[Frame]] = [queue.Queue() for _ in range(self._workers)]
        self._waiting = threading.BoundedSemaphore(self._workers * (1 + WAITING_PER_WORKER))
        self._sending = threading.Lock()
        self.failed: dict[str, Any] | None = None
        self.ready = False

    def start(self) -> None:
        """Start the workers."""
        init = {
            "protocol": PROTOCOL_VERSION,
            "environment": {},
            "workers": self._workers,
            "log_bytes": int(self._caps.get("log_bytes", 10**6)),
            "result_bytes": int(self._caps.get("result_bytes", 10**7)),
            "network": self._caps.get("network", "none"),
            "isolate": self._caps.get("isolate", "worker"),
        }
        self._send(Kind.INIT, 0, init)

    def receive(self) -> None:
        """Hand out what comes from the supervisor, until it closes the link."""
        reader = FrameReader(MAX_RESULT_BYTES)
        while True:
            data = self._link.recv(1 << 18)
            if not data:
                return
            for frame in reader.feed(data):
                self._take(frame)

    def call(self, call_id: str, arguments: bytes, accept: str, on_chunk: Callable[[Frame], None]) -> Answer:
        """Run one call within its deadline; waiting for a worker has the same deadline of its own.

        ``on_chunk`` gets the chunks of a stream; an ``OSError`` from it ends the call.
        """
        if self.failed is not None:
            return Answer(self.failed, b"", 0.0)
        if not self._waiting.acquire(blocking=False):
            detail = "Too many calls are waiting for this function. Try again in a second."
            return Answer(failure("saturated", detail, retry_after_seconds=1), b"", 0.0)
        try:
            return self._queued(call_id, arguments, accept, on_chunk)
        finally:
            self._waiting.release()

    def _queued(
        self, call_id: str, arguments: bytes, accept: str, on_chunk: Callable[[Frame], None]
    ) -> Answer:
        start = time.monotonic()
        try:
            slot = self._free.get(timeout=self._timeout)
        except queue.Empty:
            return Answer(self.failed or self._late("queue", time.monotonic() - start), b"", self._timeout)
        waited = time.monotonic() - start
        header = {"id": call_id, "timeout": self._timeout, "accept": accept}
        self._send(Kind.CALL, slot, header, arguments)
        try:
            frame = self._result(slot, on_chunk)
        except (queue.Empty, OSError):
            self._send(Kind.KILL, slot)
            frame = self._ending(slot)
        if not frame.header.get("retired"):
            self._free.put(slot)
        outcome = frame.header
        if outcome.get("code") == "killed":
            late, step = self._late("run", time.monotonic() - start - waited), step_in(outcome["figures"])
            late["figures"].update(step)
            outcome = {**late, "detail": late["detail"] + running(step), "usage": outcome["usage"]}
        return Answer(outcome, frame.body, waited)

    def _result(self, slot: int, on_chunk: Callable[[Frame], None]) -> Frame:
        """The RESULT of the call; raises ``queue.Empty`` when its time is over."""
        deadline = time.monotonic() + self._timeout
        while True:
            frame = self._results[slot].get(timeout=max(0.0, deadline - time.monotonic()))
            if frame.kind == Kind.RESULT:
                return frame
            on_chunk(frame)

    def _ending(self, slot: int) -> Frame:
        """The RESULT of a call that has been killed, and not the chunks before it."""
        while True:
            frame = self._results[slot].get(timeout=END_SECONDS)
            if frame.kind == Kind.RESULT:
                return frame

    def _late(self, phase: str, elapsed: float) -> dict[str, Any]:
        doing = "waited for a free worker" if phase == "queue" else "ran"
        detail = f"The call {doing} for {elapsed:.3g} s; the cap is {self._timeout:g} s (--timeout)."
        if phase == "run":
            detail += " It was ended, and nothing that it started is left."
        cap, passed = self._timeout, round(elapsed, 3)
        return failure("timeout", detail, phase=phase, cap_seconds=cap, elapsed_seconds=passed)

    def _take(self, frame: Frame) -> None:
        if frame.kind == Kind.READY:
            self.ready = True
            self._free.put(frame.slot)
        elif frame.kind in {Kind.RESULT, Kind.CHUNK}:
            self._results[frame.slot].put(frame)
        elif frame.kind == Kind.FAILED:
            self.failed = frame.header
            sys.stderr.write(f"The function could not be started: {frame.header['detail']}\n")
        elif frame.kind == Kind.LOG and frame.body:
            sys.stdout.write(frame.body.decode("utf-8", "replace") + "\n")
            sys.stdout.flush()

    def _send(self, kind: Kind, slot: int, header: dict[str, Any] | None = None, body: bytes = b"") -> None:
        with self._sending:
            self._link.sendall(encode_frame(kind, slot, header, body))
