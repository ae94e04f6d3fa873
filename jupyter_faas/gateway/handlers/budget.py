"""How many bytes of bodies the gateway holds for callers, so that slow ones can't fill its memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jupyter_faas.gateway.service.calls import Result
from jupyter_faas.gateway.service.invocation import note_error
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.errors import FaasError, Saturated
from jupyter_faas.model.units import format_size

__all__ = ["PIECE_BYTES", "Budget", "Hold", "Holding", "hold_result"]

PIECE_BYTES: Final = 64 * 1024
"""Larger results are written piece by piece, and held until then."""


class Budget:
    """At most ``limit_bytes`` are held at a time, over all connections."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """How many are held now."""
        return self._held_bytes

    def add(self, size: int) -> None:
        """Count so many more, or with a negative number less."""
        self._held_bytes += size


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
        self.keep(size)

    def keep(self, size: int) -> None:
        """Hold so many bytes more that there is room for: another process has looked."""
        self._budget.add(size)
        self._bytes += size

    def release(self) -> None:
        """Hold nothing any more. Safe to call twice."""
        self._budget.add(-self._bytes)
        self._bytes = 0


Hold = Callable[[Holding, InvocationRecord, Result], "FaasError | None"]


def hold_result(holding: Holding, record: InvocationRecord, result: Result) -> FaasError | None:
    """Hold a large result until the caller has read it; the error, noted in the record, if there is no room
    for it."""
    size = len(result.body)
    if size <= PIECE_BYTES:
        return None
    try:
        holding.take(size)
    except Saturated as full:
        lost = f"The function has run, but its result of {format_size(size)} is lost."
        error = Saturated(f"{lost} {full.detail}", has_run=True, **full.figures)
        note_error(record, error)
        return error
    return None
