"""One worker of an instance, as the gateway sees it: a state machine around one call at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from jupyter_faas.gateway.dispatch.call import Call
from jupyter_faas.gateway.dispatch.deadline import Deadline
from jupyter_faas.gateway.dispatch.line import Line
from jupyter_faas.gateway.dispatch.outcome import Result, interrupted, result_in
from jupyter_faas.gateway.dispatch.stream import Stream
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Crashed, FaasError, InvocationTimeout
from jupyter_faas.model.units import format_duration
from jupyter_faas.model.wire import Frame, FrameError, Kind, encode_frame

__all__ = ["Slot", "SlotState"]

KILL_GRACE_SECONDS: Final = 0.1
"""How long the supervisor may take to end a call before the engine ends the whole instance."""
CALL_NUMBERS: Final = 1 << 16
"""A line's frames count calls where the link's name a slot, so that no answer is taken for another's."""
SHARED_KILL_GRACE_SECONDS: Final = 0.25
"""The same where other calls may run on the instance, which would all end with it."""


STREAM_CLEANUP_SECONDS: Final = 0.05
"""What a stream's generator gets of it for its ``finally``, on top; ``runtime/closing.py`` has the same."""


class SlotState(Enum):
    """What a slot is doing."""

    STARTING = auto()  # its worker is importing the function, for the first time or after a kill
    FREE = auto()  # may take a call
    PAUSED = auto()  # like all of its instance, until that is resumed
    BUSY = auto()  # runs a call
    ENDING = auto()  # its call has been killed; the supervisor has not confirmed yet
    GONE = auto()  # the instance has ended


class Slot:
    """``send`` writes to the supervisor; ``line_to`` makes a connection to the slot's worker, on which calls
    go and most results come; ``freed`` hears of a slot that may take a call;
    ``unruly`` hears of a call that the supervisor did not end in time."""

    def __init__(
        self,
        number: int,
        caps: Caps,
        send: Callable[..., None],
        line_to: Callable[[Slot], Line | None],
        freed: Callable[[Slot], None],
        unruly: Callable[[Slot], None],
    ) -> None:
        self.number = number
        self.state = SlotState.STARTING
        self.logs = bytearray()
        self._grace_seconds = KILL_GRACE_SECONDS if caps.concurrency == 1 else SHARED_KILL_GRACE_SECONDS
        self._log_bytes = caps.log_bytes
        self._result_bytes = caps.result_bytes
        self._send = send
        self._line_to = line_to
        self._line: Line | None = None
        self._lined = False  # whether it has ever had a line
        self._worker_lost = False  # whether the worker with the line has gone, with no next one yet
        self._sent = 0  # calls for this worker
        self._streams = False  # whether the call has begun to
        self._freed = freed
        self._call: Call | None = None
        self._deadline = Deadline(self._expire)
        self._grace = Deadline(lambda: unruly(self))
        self._overdue: FaasError | None = None
        self._begun = 0.0

    def start(self, call: Call) -> None:
        """Run a call on this free slot."""
        self.state = SlotState.BUSY
        self._overdue = None
        self._streams = False
        self._call = call
        call.held_by(self._cancel)
        self._begun = asyncio.get_running_loop().time()
        self._send_call(call)
        self._deadline.set(self._begun + call.timeout_seconds)

    @property
    def invocation(self) -> str:
        """The id of the call that runs; empty if none does."""
        return "" if self._call is None else self._call.id

    def on_log(self, frame: Frame) -> bool:
        """Keep what a call wrote, if it isn't too much. The runtime cuts logs at the cap; twice that (JSON
        around the text, the cut's own marker) is as much as is believed here."""
        if len(self.logs) + len(frame.body) > 2 * self._log_bytes + 4096:
            return False
        self.logs += frame.body + b"\n"
        return True

    def on_ready(self, takes_line: bool) -> None:
        """A fresh worker has imported the function. A call that its predecessor hasn't begun is its own."""
        self._take_last_word()
        self._drop_line()
        self._worker_lost = False
        self._sent = 0
        if takes_line and self.state is not SlotState.GONE:
            self._line = self._line_to(self)
            self._lined = self._lined or self._line is not None
        if self.state is SlotState.STARTING:
            self._free()
        elif self.state is SlotState.BUSY and self._call is not None and self._lined:
            self._send_call(self._call)

    def on_line_frame(self, frame: Frame) -> None:
        """The worker has said something, which can only be the result of its call."""
        if self.state is SlotState.ENDING:
            return  # it is being ended; the supervisor says when nothing is left of it
        expected = self.state is SlotState.BUSY and frame.kind is Kind.RESULT
        if not expected or frame.slot != self._sent % CALL_NUMBERS:
            raise FrameError(f"a frame of kind {frame.kind} out of turn")
        self._finish(frame, retired=False)

    def on_line_lost(self, line: Line, fault: str | None) -> None:
        """The worker has gone, of which the supervisor tells more, or it has sent what is no frame."""
        if line is self._line:
            self._drop_line()
        if fault is not None and self.state is SlotState.BUSY:
            self._overdue = Crashed(
                f"The function's process sent {fault} instead of a result, and was ended. "
                "Code in the function writes to file descriptors that it didn't open."
            )
            self._kill()

    def on_chunk(self, frame: Frame) -> None:
        """A piece of the result has come; one that is too much ends the call."""
        call = self._call
        if self.state is SlotState.BUSY and call is not None and call.streams:
            if call.stream is None:
                call.stream = Stream(call.begin, self._result_bytes)
                self._streams = True
            try:
                call.stream.feed(frame)
            except FaasError as error:
                self._overdue = error
                self._kill()
        elif self.state is SlotState.FREE and self._lined:
            self._end_worker()

    def on_result(self, frame: Frame) -> None:
        """The supervisor says that the call has ended, or (``retired``) its worker."""
        retired = frame.header.get("retired") is True
        if retired:
            self._take_last_word()
        if self.state is SlotState.ENDING and self._lined and frame.header.get("code") != "killed":
            return  # crossed the KILL, which has an answer of its own
        if retired:
            begun = frame.header.get("calls", self._sent)
            never_begun = self._lined and isinstance(begun, int) and begun < self._sent
            self._drop_line()
            if never_begun and self.state is SlotState.BUSY:
                return  # the next worker gets it
        if self.state in (SlotState.BUSY, SlotState.ENDING):
            self._finish(frame, retired)
        elif self.state is SlotState.FREE and self._lined and not retired:
            self._end_worker()

    def _finish(self, frame: Frame, retired: bool) -> None:
        self._deadline.lift()
        self._grace.lift()
        call, overdue = self._let_go(), self._overdue
        # The slot first: the next call can run while this one is answered.
        if retired:
            self.state = SlotState.STARTING
        else:
            self._free()
        if call is not None:
            call.end(interrupted(frame, overdue) if overdue else result_in(frame))

    def close(self) -> None:
        """Take no further call; one that runs goes on until ``on_gone``."""
        if self.state in (SlotState.FREE, SlotState.PAUSED):
            self.state = SlotState.GONE

    def on_gone(self, error: FaasError) -> None:
        """The instance has ended, for the reason ``error``."""
        self._deadline.close()
        self._grace.close()
        self._drop_line()
        self.state = SlotState.GONE
        call = self._let_go()
        if call is not None:
            call.end(Result(error=self._overdue or error))

    def _send_call(self, call: Call) -> None:
        """Give the worker its call; if it has just gone, the next one gets it when it is ready."""
        pieces = call.frame(self.number)
        self._sent += 1
        if self._line is not None:
            self._line.send(pieces)
        elif not self._worker_lost:
            self._send(*pieces)

    def _take_last_word(self) -> None:
        """The worker has ended; what it has answered before counts."""
        if self._line is not None and self.state is SlotState.BUSY:
            self._line.take()

    def _drop_line(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
            self._worker_lost = True

    def _let_go(self) -> Call | None:
        """The call that ran, with what it took; the slot is done with it."""
        call, self._call = self._call, None
        if call is not None:
            call.run_seconds = asyncio.get_running_loop().time() - self._begun
            call.logs += self.logs
        if self.logs:
            self.logs = bytearray()
        return call

    def _cancel(self, call: Call) -> None:
        if self._call is call:
            self._call = None
            self._kill()

    def _expire(self) -> None:
        cap = self._call.timeout_seconds if self._call is not None else 0.0
        elapsed = asyncio.get_running_loop().time() - self._begun
        self._overdue = InvocationTimeout(
            f"The call ran for {format_duration(elapsed)} and its cap is "
            f"{format_duration(cap)}; it was ended, with everything that it had started. "
            "Publish with a larger --timeout if it needs longer.",
            phase="run",
            cap_seconds=cap,
            elapsed_seconds=round(elapsed, 3),
        )
        self._kill()

    def _kill(self) -> None:
        if self.state is SlotState.BUSY:
            self._end_worker()

    def _end_worker(self) -> None:
        """With its call, if it has one. A worker that speaks without one would keep us busy for ever: its
        supervisor can't know."""
        self._deadline.lift()
        self.state = SlotState.ENDING
        self._send(encode_frame(Kind.KILL, self.number))
        grace = self._grace_seconds + (STREAM_CLEANUP_SECONDS if self._streams else 0.0)
        self._grace.set(asyncio.get_running_loop().time() + grace)

    def _free(self) -> None:
        self.state = SlotState.FREE
        self._freed(self)
