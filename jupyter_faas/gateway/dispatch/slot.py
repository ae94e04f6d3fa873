"""One worker of an instance, as the gateway sees it: a state machine around one call at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from jupyter_faas.gateway.dispatch.call import Call
from jupyter_faas.gateway.dispatch.outcome import Result, interrupted, result_in
from jupyter_faas.gateway.dispatch.stream import Stream
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import FaasError, InvocationTimeout
from jupyter_faas.model.units import format_duration
from jupyter_faas.model.wire import Frame, Kind, encode_frame

__all__ = ["Slot", "SlotState"]

KILL_GRACE_SECONDS: Final = 0.1
"""How long the supervisor may take to end a call before the engine ends the whole instance."""
SHARED_KILL_GRACE_SECONDS: Final = 0.25
"""The same where other calls may run on the instance, which would all end with it."""


class SlotState(Enum):
    """What a slot is doing."""

    STARTING = auto()  # its worker is importing the function, for the first time or after a kill
    FREE = auto()  # may take a call
    PAUSED = auto()  # like all of its instance, until that is resumed
    BUSY = auto()  # runs a call
    ENDING = auto()  # its call has been killed; the supervisor has not confirmed yet
    GONE = auto()  # the instance has ended


class Slot:
    """``send`` writes to the instance; ``freed`` hears of a slot that may take a call;
    ``unruly`` hears of a call that the supervisor did not end in time."""

    def __init__(
        self,
        number: int,
        caps: Caps,
        send: Callable[..., None],
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
        self._freed = freed
        self._unruly = unruly
        self._call: Call | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._overdue: FaasError | None = None
        self._begun = 0.0

    def start(self, call: Call) -> None:
        """Run a call on this free slot."""
        loop = asyncio.get_running_loop()
        self.state = SlotState.BUSY
        self._overdue = None
        self._call = call
        call.held_by(self._cancel)
        self._begun = loop.time()
        self._send(*call.frame(self.number))
        self._timer = loop.call_later(call.timeout_seconds, self._expire)

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

    def on_ready(self) -> None:
        """The worker has imported the function."""
        if self.state is SlotState.STARTING:
            self._free()

    def on_chunk(self, frame: Frame) -> None:
        """A piece of the result has come; one that is too much ends the call."""
        call = self._call
        if self.state is SlotState.BUSY and call is not None and call.streams:
            if call.stream is None:
                call.stream = Stream(call.begin, self._result_bytes)
            try:
                call.stream.feed(frame)
            except FaasError as error:
                self._overdue = error
                self._kill()

    def on_result(self, frame: Frame) -> None:
        """The call has ended."""
        if self.state not in (SlotState.BUSY, SlotState.ENDING):
            return
        self._stop_timer()
        call, overdue = self._let_go(), self._overdue
        # The slot first: the next call can run while this one is answered.
        if frame.header.get("retired"):
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
        self._stop_timer()
        self.state = SlotState.GONE
        call = self._let_go()
        if call is not None:
            call.end(Result(error=self._overdue or error))

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
        if self.state is not SlotState.BUSY:
            return
        self._stop_timer()
        self.state = SlotState.ENDING
        self._send(encode_frame(Kind.KILL, self.number))
        self._timer = asyncio.get_running_loop().call_later(self._grace_seconds, self._unruly, self)

    def _free(self) -> None:
        self.state = SlotState.FREE
        self._freed(self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
