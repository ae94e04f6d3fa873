"""A page of memory that the gateway and its entrances share: counters, each written by one process alone.

It answers two questions without asking another process: whether a function has changed since it was last
looked up, and how many bytes all of them hold for callers.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import zlib
from typing import Final

from jupyter_faas.gateway.handlers.budget import Budget

__all__ = ["MOST_PROCESSES", "SharedBudget", "SharedPage"]

MOST_PROCESSES: Final = 32
HOLDERS: Final = MOST_PROCESSES + 1
GROUPS: Final = 4096
"""Functions are told apart by a hash: at worst one is looked up again because another has changed."""
COUNTER_BYTES: Final = 8


class SharedPage:
    """Counters in memory that a descriptor leads to; the gateway makes it, entrances inherit it."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = _new_file() if descriptor is None else descriptor
        # Aligned words: each is read and written in one piece.
        self._words = memoryview(mmap.mmap(self.descriptor, _size())).cast("q")

    def note_change(self, function: str) -> None:
        """A function has another latest version, or is gone. For the gateway alone."""
        self._words[_group(function)] += 1

    def changes(self, function: str) -> int:
        """A number that is another one after each change of the function."""
        return self._words[_group(function)]

    def hold(self, process: int, size: int) -> None:
        """``process`` holds so many bytes more; for that process alone."""
        self._words[process] += size

    def forget(self, process: int) -> None:
        """``process`` is gone, with all that it held."""
        self._words[process] = 0

    @property
    def held_bytes(self) -> int:
        """What all processes hold."""
        return sum(self._words[:HOLDERS])


class SharedBudget(Budget):
    """The budget of all processes, as one of them has it: number 0 is the gateway.

    No lock is taken: processes that take something in the same moment may exceed the bound by one piece each.
    """

    def __init__(self, limit_bytes: int, page: SharedPage, process: int) -> None:
        super().__init__(limit_bytes)
        self._page = page
        self._process = process

    @property
    def held_bytes(self) -> int:
        """See ``Budget``."""
        return self._page.held_bytes

    def add(self, size: int) -> None:
        """See ``Budget``."""
        self._page.hold(self._process, size)


def _group(function: str) -> int:
    return HOLDERS + zlib.crc32(function.encode()) % GROUPS


def _size() -> int:
    return (HOLDERS + GROUPS) * COUNTER_BYTES


def _new_file() -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("jupyter-faas")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, _size())
    return descriptor
