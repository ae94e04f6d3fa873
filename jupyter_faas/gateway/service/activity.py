"""What each function did in the last hour: calls, errors, times, memory.

Counted in memory from the records that the recorder saves in batches, as ``metrics.py`` does: a call itself
counts nothing, and asking reads no database.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store

__all__ = ["HOUR_SECONDS", "SLOT_SECONDS", "Activity"]

SLOT_SECONDS: Final = 120
SLOTS: Final = 30
HOUR_SECONDS: Final = SLOT_SECONDS * SLOTS
MAX_FUNCTIONS: Final = 2000
"""Functions that are counted; beyond, those that were called longest ago are forgotten."""
GROWTH: Final = 1.1
"""Ratio of the bounds of a bucket of times: what is told of them is right within five percent."""
IN_A_ROW: Final = 3
"""So many failed calls in a row, or all of the hour's, and a function counts as failing."""


@dataclass(slots=True)
class Slot:
    """What happened in one piece of time, or in several taken together."""

    calls: int = 0
    errors: int = 0
    peak_bytes: int = 0
    times: Counter[int] = field(default_factory=Counter)
    """How many calls took how long, by the number of the bucket."""

    def add(self, record: InvocationRecord) -> None:
        """Count a call."""
        self.calls += 1
        self.errors += _failed(record)
        self.peak_bytes = max(self.peak_bytes, record.peak_bytes)
        self.times[_bucket(record.queue_ms + record.start_ms + record.run_ms)] += 1

    def include(self, other: Slot) -> None:
        """Count what another one counted."""
        self.calls += other.calls
        self.errors += other.errors
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.times.update(other.times)

    def quantile_ms(self, share: float) -> float | None:
        """Within how many milliseconds this share of the calls was answered; None without calls."""
        left = math.ceil(share * self.calls)
        for bucket in sorted(self.times):
            left -= self.times[bucket]
            if left <= 0:
                return round(math.pow(GROWTH, bucket + 0.5), 3)
        return None

    def told(self) -> dict[str, Any]:
        """Itself as the API shows it."""
        return {
            "calls": self.calls,
            "errors": self.errors,
            "p50_ms": self.quantile_ms(0.5),
            "p99_ms": self.quantile_ms(0.99),
            "peak_bytes": self.peak_bytes or None,
        }


class _Hour:
    """One function's slots of the last hour, by the number of each since 1970; those without calls lack."""

    __slots__ = ("failed_in_row", "slots")

    def __init__(self) -> None:
        self.slots: deque[tuple[int, Slot]] = deque(maxlen=SLOTS)
        self.failed_in_row = 0

    def add(self, number: int, record: InvocationRecord) -> None:
        self.failed_in_row = self.failed_in_row + 1 if _failed(record) else 0
        for known, slot in reversed(self.slots):
            if known == number:
                slot.add(record)
                return
            if known < number:
                break
        slot = Slot()
        slot.add(record)
        self.slots.append((number, slot))
        if len(self.slots) > 1 and self.slots[-2][0] > number:  # a call that took longer than a slot
            ordered = sorted(self.slots, key=lambda each: each[0])
            self.slots = deque(ordered, SLOTS)

    def since(self, first: int) -> list[Slot]:
        """All slots from number ``first`` on, empty ones too."""
        known = dict(self.slots)
        return [known.get(number) or Slot() for number in range(first, first + SLOTS)]


class Activity:
    """The last hour of all functions. Counting and asking may happen in different threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hours: dict[str, _Hour] = {}

    async def load(self, store: Store) -> None:
        """Count what an earlier process of this gateway has recorded."""
        self.count(await store.history.since(self._clock() - HOUR_SECONDS))

    def count(self, records: Iterable[InvocationRecord]) -> None:
        """Count calls that have ended, in the order in which they did."""
        with self._lock:
            for record in records:
                hour = self._hours.pop(record.function, None) or _Hour()
                self._hours[record.function] = hour  # at the end: the one that was called last
                hour.add(int(record.started // SLOT_SECONDS), record)
            while len(self._hours) > MAX_FUNCTIONS:
                del self._hours[next(iter(self._hours))]

    def forget(self, function: str) -> None:
        """A function is deleted: another one of its name begins anew."""
        with self._lock:
            self._hours.pop(function, None)

    def hours(self) -> dict[str, dict[str, Any]]:
        """The last hour in short, of each function that was called in it.

        With ``series``: calls and errors of each slot, the oldest first; and ``failing``.
        """
        first = self._first
        with self._lock:
            return {
                name: self._told(hour, first)
                for name, hour in self._hours.items()
                if hour.slots and hour.slots[-1][0] >= first
            }

    def of(self, function: str) -> dict[str, Any]:
        """The last hour of a function, slot by slot."""
        first = self._first
        with self._lock:
            slots = self._hours.get(function, _Hour()).since(first)
            told = [
                {"begun": iso(number * SLOT_SECONDS), **slot.told()}
                for number, slot in enumerate(slots, first)
            ]
            return {"slot_seconds": SLOT_SECONDS, **_together(slots).told(), "slots": told}

    @property
    def _first(self) -> int:
        return int(self._clock() // SLOT_SECONDS) - SLOTS + 1

    @staticmethod
    def _told(hour: _Hour, first: int) -> dict[str, Any]:
        slots = hour.since(first)
        whole = _together(slots)
        return {
            **whole.told(),
            "failing": hour.failed_in_row >= min(IN_A_ROW, whole.calls),
            "series": {"calls": [slot.calls for slot in slots], "errors": [slot.errors for slot in slots]},
        }


def _together(slots: Iterable[Slot]) -> Slot:
    whole = Slot()
    for slot in slots:
        if slot.calls:
            whole.include(slot)
    return whole


def _failed(record: InvocationRecord) -> bool:
    return record.code is not None or record.status >= 500


def _bucket(milliseconds: float) -> int:
    return math.floor(math.log(max(milliseconds, 0.01)) / math.log(GROWTH))
