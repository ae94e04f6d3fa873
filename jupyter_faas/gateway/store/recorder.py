"""Writes invocation records in batches, behind the answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from jupyter_faas.gateway.store.history import TRIMMED_ROWS
from jupyter_faas.gateway.store.records import HistoryBounds, InvocationRecord
from jupyter_faas.gateway.store.store import Store

__all__ = ["Recorder"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
BATCH = 1000
TRIM_SECONDS = 10.0
"""How often the history is brought back to what it shall keep."""
MAX_RECORDED_BYTES = 32_000_000
MAX_WAITING = 20_000
"""Records kept in memory while the disk can't take them; beyond that the oldest are dropped, and counted."""


class Recorder:
    """Collects records without waiting and saves them twice a second, and when asked to.

    ``count`` is given each record once, in a thread of its own.
    """

    def __init__(
        self,
        store: Store,
        retention: HistoryBounds,
        count: Callable[[Sequence[InvocationRecord]], None] | None = None,
    ) -> None:
        self._history = store.history
        self._retention = retention
        self._count = count
        self._uncounted: deque[InvocationRecord] = deque(maxlen=MAX_WAITING)
        self._waiting: deque[InvocationRecord] = deque()
        self._saving = asyncio.Lock()
        self._trim_due = 0.0
        self._dropped = 0
        self._recorded_bytes = 0
        self._task = asyncio.create_task(self._run())

    def add(self, record: InvocationRecord) -> None:
        """Take a record; never waits."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(record)
        if record.recording is not None:
            self._bound(record)
        if self._count is not None:
            self._uncounted.append(record)

    async def flush(self) -> None:
        """Save what was taken so far; a disk that can't take it is logged, and tried again later."""
        async with self._saving:
            await self._count_new()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    await self._history.add(batch, self._retention.recorded_bytes)
                except SQLAlchemyError:
                    self._waiting.extendleft(reversed(batch))
                    log.exception("%d invocation records could not be saved yet", len(self._waiting))
                    return
            if self._dropped:
                log.error("%d invocation records were dropped: the disk did not keep up", self._dropped)
                self._dropped = 0
            self._recorded_bytes = 0

    def _bound(self, record: InvocationRecord) -> None:
        """Bodies wait in memory for the next batch: beyond a bound a call is recorded without."""
        self._recorded_bytes += record.request_bytes + record.result_bytes
        if self._recorded_bytes > MAX_RECORDED_BYTES:
            record.recording = None

    async def trim(self) -> None:
        """Drop some of what the history shall not keep; the rest of it when this is called next, soon."""
        kept = self._retention
        since = time.time() - kept.seconds if kept.seconds is not None else 0.0
        now = asyncio.get_running_loop().time()
        try:
            more = await self._history.trim(kept.invocations, since) >= TRIMMED_ROWS
        except SQLAlchemyError:
            log.exception("the history could not be trimmed yet")
            more = False
        self._trim_due = now if more else now + TRIM_SECONDS

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
            if asyncio.get_running_loop().time() >= self._trim_due:
                await self.trim()
