"""Writes invocation records in batches, behind the answers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store

__all__ = ["Recorder"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
BATCH = 1000
MAX_WAITING = 20_000
"""Records kept in memory while the disk can't take them; beyond that the oldest are dropped, and counted."""


class Recorder:
    """Collects records without waiting and saves them twice a second, and when asked to.

    ``keep`` is the number of invocations that the history holds in all. ``count`` is given each record
    once, in a thread of its own.
    """

    def __init__(
        self, store: Store, keep: int, count: Callable[[Sequence[InvocationRecord]], None] | None = None
    ) -> None:
        self._store = store
        self._keep = keep
        self._count = count
        self._uncounted: deque[InvocationRecord] = deque(maxlen=MAX_WAITING)
        self._waiting: deque[InvocationRecord] = deque()
        self._saving = asyncio.Lock()
        self._since_trim = 0
        self._dropped = 0
        self._task = asyncio.create_task(self._run())

    def add(self, record: InvocationRecord) -> None:
        """Take a record; never waits."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(record)
        if self._count is not None:
            self._uncounted.append(record)

    async def flush(self) -> None:
        """Save what was taken so far; a disk that can't take it is logged, and tried again later."""
        async with self._saving:
            await self._count_new()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    await self._store.add_invocations(batch)
                except SQLAlchemyError:
                    self._waiting.extendleft(reversed(batch))
                    log.exception("%d invocation records could not be saved yet", len(self._waiting))
                    return
                self._since_trim += len(batch)
            if self._dropped:
                log.error("%d invocation records were dropped: the disk did not keep up", self._dropped)
                self._dropped = 0
            if self._since_trim > BATCH:
                self._since_trim = 0
                await self._store.trim_invocations(self._keep)

    async def _count_new(self) -> None:
        if self._count is not None and self._uncounted:
            new = list(self._uncounted)
            self._uncounted.clear()
            await asyncio.to_thread(self._count, new)

    async def close(self) -> None:
        """Save everything and stop."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._waiting or self._uncounted:
                await self.flush()
