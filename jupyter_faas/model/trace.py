"""Where a call stands in a trace (W3C Trace Context, https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import Final

__all__ = ["CallSpans", "Span", "span_in"]

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
SAMPLED: Final = 1
MAX_STATE_CHARACTERS: Final = 512
"""Of a ``tracestate``, which nobody has to pass on if it is longer (§3.3.1.5)."""
_STATE: Final = re.compile(r"[\x20-\x7e\t]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work in a trace, by its ids in hexadecimal."""

    trace: str
    id: str
    flags: int = SAMPLED
    state: str = ""
    """What tracing systems say of the trace to each other (``tracestate``): passed on as it is."""

    @classmethod
    def new(cls, parent: Span | None = None) -> Span:
        """A span below ``parent``, or the first one of a new trace."""
        if parent is None:
            return cls(secrets.token_hex(16), secrets.token_hex(8))
        return replace(parent, id=secrets.token_hex(8))

    @property
    def sampled(self) -> bool:
        """Whether it is to be told to a collector."""
        return bool(self.flags & SAMPLED)

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.id}-{self.flags:02x}"


@dataclass(frozen=True, slots=True)
class CallSpans:
    """The spans of one call: the ``request``, and within it the ``run``, which the function continues."""

    parent: Span | None
    request: Span
    run: Span

    @classmethod
    def below(cls, parent: Span | None) -> CallSpans:
        """Those of a call whose caller's span is ``parent``."""
        request = Span.new(parent)
        return cls(parent, request, Span.new(request))


def span_in(traceparent: str | None, tracestate: str = "") -> Span | None:
    """The span that a header ``traceparent`` names; None without one, and for one that makes no sense.

    A ``tracestate`` that can't be one is left out.
    """
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent and len(traceparent) < 200 else None
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    wrong = version == "ff" or (version == "00" and more) or not trace.strip("0") or not span.strip("0")
    if wrong:
        return None
    passed_on = len(tracestate) <= MAX_STATE_CHARACTERS and _STATE.fullmatch(tracestate)
    return Span(trace, span, int(flags, 16) & SAMPLED, tracestate if passed_on else "")
