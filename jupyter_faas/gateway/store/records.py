"""Rows of the store as the rest of the gateway sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_faas.model.manifest import Manifest

__all__ = ["InvocationRecord", "Move", "Reason", "VersionRecord"]

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
    problem: dict[str, Any] | None = None
    logs: bytes = field(default=b"", repr=False)
    """JSON lines ``{"t", "s", "m"}`` as the instance sent them."""
