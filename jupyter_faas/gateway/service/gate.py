"""Builds and the collection of what nobody needs keep out of each other's way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

__all__ = ["Gate"]


class Gate:
    """Any number of builds at a time, or one collection."""

    def __init__(self) -> None:
        self.building = 0
        self._collecting = asyncio.Lock()

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
