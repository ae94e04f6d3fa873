"""What a request to run a function asks of the gateway, be it in the same process or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import SSE, Stream
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.arguments import Arguments

__all__ = ["PLAINLY", "SSE", "Asked", "Calls", "Progress", "Result", "Running", "Stream"]


class Asked(NamedTuple):
    """How a call was asked for."""

    alias: str | None = None
    """The one that the caller used; None if the version was called by its number."""
    caller: str = ""
    """Who that is, as the history shows it."""
    traceparent: str = ""
    """The caller's place in a trace, as its header says it."""
    tracestate: str = ""
    """What tracing systems say of that trace; nothing without a place in it."""


PLAINLY: Final = Asked()


class Progress(Protocol):
    """How far a call has come."""

    @property
    def start(self) -> str | None:
        """How its instance came to be there; ``None`` before it has one."""

    @property
    def queue_seconds(self) -> float:
        """How long it waited."""

    @property
    def start_seconds(self) -> float:
        """The part of the wait during which the instance was being started or resumed."""


class Running(Protocol):
    """A call that somebody waits for."""

    @property
    def record(self) -> InvocationRecord:
        """What is kept of it; complete at its end."""

    @property
    def call(self) -> Progress:
        """The same while it runs."""

    def cancel(self) -> None:
        """The caller went away: end the call, with everything that it started."""


class Calls(Protocol):
    """Finds versions, and runs calls of them."""

    def choose(self, name: str, selector: str, sticky: str | None) -> str:
        """``selector``; or, if that is an alias which shares its calls out, the version of this call.

        Calls with the same ``sticky`` get the same one.
        """

    def find_now(self, name: str, selector: str | None, trusted: bool) -> Published | None:
        """What ``find`` returns, if it is in memory; raises what it raises."""

    async def find(self, name: str, selector: str | None, trusted: bool) -> Published:
        """The version of ``name`` that ``selector`` means to a caller, who has the token or hasn't.

        Raises ``NotFound``, or ``Unauthenticated`` for strangers.
        """

    def begin(
        self,
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Callable[[InvocationRecord, Result], None],
        asked: Asked = PLAINLY,
    ) -> Running:
        """Run one call. ``begun`` hears of what comes of it before its end, ``ended`` of the end."""
