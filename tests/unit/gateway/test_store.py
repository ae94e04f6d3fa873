"""The store opens what an earlier version has left."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store


def test_a_file_without_a_column_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite"

    async def write(identifier: str) -> None:
        store = Store(path)
        await store.add_invocations([InvocationRecord(identifier, "f", 1, 0.0, start="paused")])
        await store.close()

    asyncio.run(write("first"))
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE invocations DROP COLUMN start")
        database.commit()
    asyncio.run(write("second"))

    async def read() -> list[str]:
        store = Store(path)
        try:
            return [record.start for record in await store.invocations("f", 10)]
        finally:
            await store.close()

    assert asyncio.run(read()) == ["paused", ""]
