"""One call on its way through dispatch."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import Stream
from jupyter_faas.model.arguments import Arguments, Buffer
from jupyter_faas.model.wire import Kind, frame_of

__all__ = ["Call", "Start"]


class Start(StrEnum):
    """How the instance of a call came to be there."""

    WARM = "warm"  # it ran
    PAUSED = "paused"  # it was resumed
    PREWARMED = "prewarmed"  # it was waiting for any function of its kind
    COLD = "cold"  # it was started


class Call:
    """What a call asks, who hears of it, and how it went.

    ``begun`` hears of the first piece of a stream, ``ended`` of the end, once, unless the call was cancelled.
    Both are called where the frame that says so is read: a call that finds a free slot costs no task and no
    future. ``accept`` chooses the form of the result; for a ``proof`` the arguments are examples to be run.
    """

    __slots__ = (
        "_begun",
        "_cancel",
        "_ended",
        "accept",
        "arguments",
        "id",
        "logs",
        "proof",
        "queue_seconds",
        "result",
        "run_seconds",
        "start",
        "start_seconds",
        "stream",
        "submitted",
        "timeout_seconds",
        "traceparent",
        "tracestate",
    )

    def __init__(
        self,
        invocation: str,
        arguments: Arguments,
        timeout_seconds: float,
        ended: Callable[[Call], None],
        begun: Callable[[Stream], None] | None = None,
        accept: str = "",
        proof: bool = False,
    ) -> None:
        self.id = invocation
        self.arguments = arguments
        self.timeout_seconds = timeout_seconds
        self.accept = accept
        self.proof = proof
        self.traceparent = ""
        """The span that the function continues (W3C Trace Context); empty for none."""
        self.tracestate = ""
        self.submitted = 0.0
        """When it came to its pool, on the event loop's clock."""
        self.queue_seconds = 0.0
        self.start_seconds = 0.0
        """The part of the wait during which the instance was being started or resumed; 0 for a warm start."""
        self.start: Start | None = None
        """Set when it gets its instance."""
        self.run_seconds = 0.0
        self.logs = b""
        self.stream: Stream | None = None
        self.result = Result()
        self._begun = begun
        self._ended: Callable[[Call], None] | None = ended
        self._cancel: Callable[[Call], None] | None = None

    def frame(self, slot: int) -> list[Buffer]:
        """The ``CALL`` for an instance, in pieces."""
        header: dict[str, Any] = {
            "id": self.id,
            "timeout": self.timeout_seconds,
            **self.arguments.header,
        }
        if self.accept:
            header["accept"] = self.accept
        if self.traceparent:
            header["traceparent"] = self.traceparent
        if self.tracestate:
            header["tracestate"] = self.tracestate
        if self.proof:
            header["proof"] = True
        return frame_of(Kind.CALL, slot, header, self.arguments.pieces)

    @property
    def streams(self) -> bool:
        """Whether someone takes what comes before the end."""
        return self._begun is not None

    def begin(self, stream: Stream) -> None:
        """The first piece of a stream has come."""
        if self._begun is not None:
            self._begun(stream)

    def held_by(self, cancel: Callable[[Call], None]) -> None:
        """Note who has to be told if the call is cancelled."""
        self._cancel = cancel

    def end(self, result: Result) -> None:
        """The call has ended; nothing if it has before."""
        ended = self._ended
        self._ended = self._begun = self._cancel = None
        if ended is not None:
            self.result = result
            ended(self)

    def cancel(self) -> bool:
        """End the call, with everything that it started; nobody hears of its end. False if it has ended."""
        cancel = self._cancel
        self._ended = self._begun = self._cancel = None
        if cancel is None:
            return False
        cancel(self)
        return True
