"""Builds and the removal of what nobody needs keep out of each other's way."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator

__all__ = ["Gate"]


class Gate:
    """Any number of builds at a time, one of each function; or one collection."""

    def __init__(self) -> None:
        self.building = 0
        self._collecting = asyncio.Lock()
        self._functions: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def function(self, name: str) -> asyncio.Lock:
        """Who holds it publishes or removes a function. Taken after ``build`` or ``collect``, never before.

        Publishing what was just deleted makes the same image again, which must not go with the old one.
        """
        return self._functions.setdefault(name, asyncio.Lock())

    @contextlib.asynccontextmanager
    async def build(self) -> AsyncIterator[None]:
        """Make images and make them known; waits while a collection is under way."""
        async with self._collecting:
            self.building += 1
        try:
            yield
        finally:
            self.building -= 1

    @contextlib.asynccontextmanager
    async def collect(self) -> AsyncIterator[bool]:
        """Whether nothing is being built; if so, nothing is until the end."""
        async with self._collecting:
            yield not self.building
