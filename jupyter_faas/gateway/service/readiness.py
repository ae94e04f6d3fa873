"""Whether the gateway can serve calls now: its engine, its database, its disk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import EngineUnavailable
from jupyter_faas.model.units import format_size

__all__ = ["Readiness"]

LOW_DISK_BYTES: Final = 200_000_000
CHECK_SECONDS: Final = 5.0


class Readiness:
    """Asks each part; ``draining`` says that the gateway takes no new calls."""

    def __init__(self, engine: Engine, store: Store, folder: Path) -> None:
        self.draining = False
        self._engine = engine
        self._store = store
        self._folder = folder

    async def failures(self) -> dict[str, str]:
        """What is not ready, and why; empty if calls can be served."""
        found = {} if not self.draining else {"gateway": "It is shutting down."}
        checks = {"engine": self._ask_engine(), "store": self._ask_store(), "disk": self._ask_disk()}
        answers = await asyncio.gather(*(_within(check) for check in checks.values()))
        return found | {name: answer for name, answer in zip(checks, answers, strict=True) if answer}

    async def _ask_engine(self) -> str:
        try:
            await self._engine.info()
        except EngineUnavailable as error:
            return error.detail
        return ""

    async def _ask_store(self) -> str:
        try:
            await self._store.setting("owner")
        except SQLAlchemyError:
            return "The database can't be read."
        return ""

    async def _ask_disk(self) -> str:
        free = shutil.disk_usage(self._folder).free
        if free < LOW_DISK_BYTES:
            return f"{format_size(free)} are free; publishes and records need {format_size(LOW_DISK_BYTES)}."
        return ""


async def _within(check: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check
    except TimeoutError:
        return f"It has not answered for {CHECK_SECONDS:g} s."
