"""One difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Change", "Part"]

Part = Literal["schema", "source", "packages", "python", "caps", "environment", "access", "doc"]
"""What of a function it is about."""


@dataclass(frozen=True)
class Change:
    """``what`` says it in a sentence; ``breaking`` if calls that worked before may fail, or get another kind
    of result."""

    part: Part
    what: str
    breaking: bool = False
