"""Rows of the store as the rest of the gateway sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from jupyter_faas.model.manifest import Manifest
from jupyter_faas.model.trace import CallSpans

__all__ = [
    "HistoryBounds",
    "InvocationRecord",
    "Move",
    "Page",
    "Reason",
    "Recording",
    "Use",
    "VersionRecord",
    "Wanted",
]

T = TypeVar("T")

Reason = Literal["publish", "alias", "rollback", "removed"]
"""Why an alias was moved."""


@dataclass(frozen=True)
class VersionRecord:
    """One immutable version of a function."""

    function: str
    number: int
    identity: str
    """Digest of what the version is: code, manifest less its origin, and environment values."""
    bundle_digest: str
    manifest: Manifest
    environment: Mapping[str, str] = field(repr=False)
    """Values of the environment variables; they exist here and in the function's memory only."""
    image_digest: str
    environment_image: str
    packages: tuple[str, ...]
    layer_bytes: int
    image_bytes: int
    published: float
    """Unix time, seconds."""
    author: str = ""
    changes: dict[str, Any] | None = None
    """What is different from the version that was the latest before; ``None`` for the first one."""
    served: float | None = None
    """When a call of it succeeded for the first time, in Unix seconds."""


@dataclass(frozen=True)
class Move:
    """An alias was moved: at the Unix time ``moved``, from the versions ``before`` to those ``after``.

    Both are as people write them (``7``, ``7:90,8:10``), or empty for none.
    """

    function: str
    alias: str
    moved: float
    author: str
    reason: Reason
    before: str
    after: str


@dataclass(slots=True)
class InvocationRecord:
    """One call that reached a function; times in milliseconds, ``started`` in Unix seconds."""

    id: str
    function: str
    version: int
    started: float
    alias: str = ""
    """By which alias the version was called; empty if by its number."""
    caller: str = ""
    """Who called: the name that somebody with the token gives, ``token`` without one, or ``anonymous``."""
    status: int = 0
    code: str | None = None
    queue_ms: float = 0.0
    start_ms: float = 0.0
    run_ms: float = 0.0
    cpu_ms: float = 0.0
    peak_bytes: int = 0
    cold: bool = False
    start: str = ""
    """How its instance came to be there: ``warm``, ``paused`` or ``cold``; empty if it never got one."""
    request_bytes: int = 0
    result_bytes: int = 0
    problem: dict[str, Any] | None = None
    logs: bytes = field(default=b"", repr=False)
    """JSON lines ``{"t", "s", "m"}`` as the instance sent them."""
    recording: Recording | None = field(default=None, repr=False)
    """What is to be kept of its input and output, if its function wants that."""
    spans: CallSpans | None = None
    """Those by which a collector hears of it, if one does."""


class Use(NamedTuple):
    """What one call used."""

    run_ms: float
    cpu_ms: float
    peak_bytes: int
    code: str | None = None
    version: int = 0


class Recording(Protocol):
    """The input and output of a call, to be written where that holds up nobody."""

    @property
    def calls(self) -> int:
        """How many calls of the function are kept, of those that failed and of the others."""

    def content(self) -> bytes:
        """What is kept of this one, less what is redacted."""


@dataclass(frozen=True)
class Wanted:
    """Which invocations are asked for; None leaves a thing open. Bounds are included."""

    function: str | None = None
    version: int | None = None
    statuses: tuple[int, int] | None = None
    """The lowest and the highest."""
    code: str | None = None
    since: float | None = None
    until: float | None = None
    """When the call began, in Unix seconds."""
    min_ms: float | None = None
    max_ms: float | None = None
    """How long it ran."""

    @property
    def is_searched(self) -> bool:
        """Whether no index leads to those that are wanted, so that others are read on the way."""
        open_ = (self.version, self.statuses, self.since, self.until, self.min_ms, self.max_ms)
        return any(each is not None for each in open_)


@dataclass(frozen=True)
class HistoryBounds:
    """How much of the history is kept: so many invocations, those of so many seconds (None: of any age), and
    so many bytes of recordings for each function."""

    invocations: int
    seconds: float | None = None
    recorded_bytes: int = 0


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of what was asked for, newest first.

    The search of a page ends after so many rows, whatever it has found: ``next`` is where it goes on, None
    at the end.
    """

    found: list[T]
    next: int | None
