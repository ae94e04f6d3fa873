"""A page of memory that the supervisor and the workers of an instance share: what each tells without a frame.

User code can write there too. So what stands here decides figures, words and the order of a call's log, and
never whether anything is ended.
"""

from __future__ import annotations

import ctypes
import mmap

FIELDS = 4  # of 8 bytes, for each slot: the three of the worker's in the order below, and the output's
BEGUN, STARTED, CPU, OUTPUT = range(FIELDS)
MAX_SLOTS = mmap.PAGESIZE // (8 * FIELDS)
LAST = (1 << 64) - 1


class Notes:
    """The notes of all slots, up to ``MAX_SLOTS``; processes have them by being forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        """Where it lies in every process that has it."""
        self._counts = memoryview(self._memory).cast("Q")
        self._seconds = memoryview(self._memory).cast("d")

    def reset(self, slot: int) -> None:
        """A fresh worker comes."""
        for field in (BEGUN, STARTED, CPU):
            self._counts[slot * FIELDS + field] = 0

    # What the worker tells

    def begin(self, slot: int, now: float, cpu_seconds: float) -> None:
        """A call begins, at ``now`` on the monotonic clock, of a worker that has used so much so far."""
        at = slot * FIELDS
        self._seconds[at + STARTED] = now
        self._seconds[at + CPU] = cpu_seconds
        self._count(at + BEGUN)

    def end(self, slot: int) -> None:
        """The call's result is on its way."""
        self._count(slot * FIELDS + BEGUN)

    def calls(self, slot: int) -> int:
        """How many calls the worker has begun."""
        return (self._counts[slot * FIELDS + BEGUN] + 1) // 2

    def answered(self, slot: int) -> bool:
        """Whether the worker has ended a call."""
        return self._counts[slot * FIELDS + BEGUN] > 1

    def running(self, slot: int) -> bool:
        """Whether a call runs."""
        return self._counts[slot * FIELDS + BEGUN] % 2 == 1

    def call(self, slot: int) -> tuple[float, float]:
        """When the last call began, and what the worker had used by then."""
        at = slot * FIELDS
        return self._seconds[at + STARTED], self._seconds[at + CPU]

    # What the supervisor tells

    def on_output(self, slot: int) -> None:
        """Output of the slot's processes is about to be read."""
        self._count(slot * FIELDS + OUTPUT)

    def output(self, slot: int) -> int:
        """Changes with each reading."""
        return self._counts[slot * FIELDS + OUTPUT]

    def _count(self, field: int) -> None:
        self._counts[field] = (self._counts[field] + 1) & LAST  # user code may have put anything there
