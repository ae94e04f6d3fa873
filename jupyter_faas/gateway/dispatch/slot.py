"""One worker of an instance, as the gateway sees it: a state machine around one call at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any, Final

from jupyter_faas.gateway.dispatch.outcome import Result, result_in
from jupyter_faas.gateway.dispatch.stream import Stream
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import FaasError, InvocationTimeout
from jupyter_faas.model.units import format_duration
from jupyter_faas.model.wire import Frame, Kind, encode_frame, frame_of

__all__ = ["Slot", "SlotState"]

KILL_GRACE_SECONDS: Final = 0.1
"""How long the supervisor may take to end a call before the engine ends the whole instance."""


class SlotState(Enum):
    """What a slot is doing."""

    STARTING = auto()  # its worker is importing the function, for the first time or after a kill
    FREE = auto()  # may take a call
    RESERVED = auto()  # promised to a call that is about to take it
    BUSY = auto()  # runs a call
    ENDING = auto()  # its call has been killed; the supervisor has not confirmed yet
    GONE = auto()  # the instance has ended


class Slot:
    """``send`` writes to the instance; ``freed`` hears of a slot that may take a call;
    ``unruly`` hears of a call that the supervisor did not end in time."""

    def __init__(
        self,
        number: int,
        log_bytes: int,
        send: Callable[..., None],
        freed: Callable[[Slot], None],
        unruly: Callable[[Slot], None],
    ) -> None:
        self.number = number
        self.state = SlotState.STARTING
        self.logs = bytearray()
        self._log_bytes = log_bytes
        self._send = send
        self._freed = freed
        self._unruly = unruly
        self._answer: asyncio.Future[Result] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._overdue: FaasError | None = None
        self._stream: Stream | None = None
        self._timeout_seconds = 0.0
        self._begun = 0.0

    async def call(
        self,
        invocation: str,
        timeout_seconds: float,
        arguments: Arguments,
        accept: str = "",
        stream: Stream | None = None,
        proof: bool = False,
    ) -> Result:
        """Run one call on this slot, reserved for it; errors are part of the result.

        ``accept`` chooses the form of the result; ``stream`` gets what comes of it before its end. For a
        ``proof`` the arguments are examples, and the worker is replaced afterwards.
        Raises ``CancelledError`` when the caller went away, having ended the call.
        """
        loop = asyncio.get_running_loop()
        self.state = SlotState.BUSY
        self._overdue = None
        self._stream = stream
        self._timeout_seconds = timeout_seconds
        self._begun = loop.time()
        self._answer = loop.create_future()
        header: dict[str, Any] = {"id": invocation, "timeout": timeout_seconds, **arguments.header}
        if accept:
            header["accept"] = accept
        if proof:
            header["proof"] = True
        self._send(*frame_of(Kind.CALL, self.number, header, arguments.pieces))
        self._timer = loop.call_later(timeout_seconds, self._expire)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self._kill()
            raise

    def take_logs(self) -> bytes:
        """The JSON lines logged since the last time, leaving none."""
        logs, self.logs = bytes(self.logs), bytearray()
        return logs

    def on_log(self, frame: Frame) -> None:
        """Keep what a call wrote. The runtime cuts logs at the cap; twice that (JSON around the text,
        the cut's own marker) is as much as is believed here."""
        if len(self.logs) + len(frame.body) <= 2 * self._log_bytes + 4096:
            self.logs += frame.body + b"\n"

    def on_ready(self) -> None:
        """The worker has imported the function."""
        if self.state is SlotState.STARTING:
            self._free()

    def on_chunk(self, frame: Frame) -> None:
        """A piece of the result has come; one that is too much ends the call."""
        if self.state is SlotState.BUSY and self._stream is not None:
            try:
                self._stream.feed(frame)
            except FaasError as error:
                self._overdue = error
                self._kill()

    def on_result(self, frame: Frame) -> None:
        """The call has ended."""
        if self.state not in (SlotState.BUSY, SlotState.ENDING):
            return
        self._stop_timer()
        result = result_in(frame)
        self._settle(replace(result, error=self._overdue) if self._overdue else result)
        if frame.header.get("retired"):
            self.state = SlotState.STARTING
        else:
            self._free()

    def close(self) -> None:
        """Take no further call; one that runs goes on until ``on_gone``."""
        if self.state is SlotState.FREE:
            self.state = SlotState.GONE

    def on_gone(self, error: FaasError) -> None:
        """The instance has ended, for the reason ``error``."""
        self._stop_timer()
        self.state = SlotState.GONE
        self._settle(Result(error=self._overdue or error))

    def _expire(self) -> None:
        elapsed = asyncio.get_running_loop().time() - self._begun
        self._overdue = InvocationTimeout(
            f"The call ran for {format_duration(elapsed)} and its cap is "
            f"{format_duration(self._timeout_seconds)}; it was ended, with everything that it had started. "
            "Publish with a larger --timeout if it needs longer.",
            phase="run",
            cap_seconds=self._timeout_seconds,
            elapsed_seconds=round(elapsed, 3),
        )
        self._kill()

    def _kill(self) -> None:
        if self.state is not SlotState.BUSY:
            return
        self._stop_timer()
        self.state = SlotState.ENDING
        self._send(encode_frame(Kind.KILL, self.number))
        self._timer = asyncio.get_running_loop().call_later(KILL_GRACE_SECONDS, self._unruly, self)

    def _free(self) -> None:
        self.state = SlotState.FREE
        self._freed(self)

    def _settle(self, result: Result) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(result)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
