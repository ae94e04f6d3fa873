"""What a function needs of a prewarmed sandbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_faas.gateway.dispatch.instance import Target

__all__ = ["Pattern", "Plan", "Planner"]


@dataclass(frozen=True)
class Pattern:
    """What can't be changed any more once a sandbox waits. Functions of one pattern may take the same."""

    image: str
    """The environment image's id."""
    network: str
    scratch_bytes: int
    imports: tuple[str, ...]
    """What their handlers begin with, as ``images/imports.py`` reads it."""
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and values that are set while it imports, sorted: a package may look at them then. Empty where
    nothing is imported."""


@dataclass(frozen=True)
class Plan:
    """How a version is made of a sandbox of its ``pattern``: by the layer ``diff_id``, kept at ``layer``."""

    pattern: Pattern
    layer: Path
    diff_id: str


Planner = Callable[[Target], Awaitable[Plan | None]]
"""The plan of a version; ``None`` for one that has to be started plainly."""
