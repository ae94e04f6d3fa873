"""How many bytes of bodies the gateway holds for callers, so that slow ones can't fill its memory."""

from __future__ import annotations

from jupyter_faas.model.errors import Saturated
from jupyter_faas.model.units import format_size

__all__ = ["Budget", "Holding"]


class Budget:
    """At most ``limit_bytes`` are held at a time, over all connections."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0


class Holding:
    """What one request has of the budget."""

    __slots__ = ("_budget", "_bytes")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._bytes = 0

    def take(self, size: int) -> None:
        """Hold so many bytes more; raises ``Saturated`` if that is more than there may be."""
        budget = self._budget
        if budget.held_bytes + size > budget.limit_bytes:
            raise Saturated(
                f"The gateway holds {format_size(budget.held_bytes)} of requests and results, and at most "
                f"{format_size(budget.limit_bytes)}. Try again in a second.",
                held_bytes=budget.held_bytes,
                cap_bytes=budget.limit_bytes,
                retry_after_seconds=1,
            )
        budget.held_bytes += size
        self._bytes += size

    def release(self) -> None:
        """Hold nothing any more. Safe to call twice."""
        self._budget.held_bytes -= self._bytes
        self._bytes = 0
