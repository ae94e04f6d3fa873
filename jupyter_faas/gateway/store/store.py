"""The store: SQLAlchemy on SQLite (write-ahead log), used from one thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Connection,
    Row,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from jupyter_faas.gateway.store.history import History, forget
from jupyter_faas.gateway.store.migrate import migrate
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.gateway.store.schema import aliases, settings, versions
from jupyter_faas.model.manifest import Manifest

__all__ = ["Store"]

T = TypeVar("T")

ROWS_AT_A_TIME: Final = 100


class Store:
    """Durable state of one gateway.

    All methods are coroutines that run their transaction in the store's thread, so that a slow disk never
    stops the event loop. Opening creates the file with mode 0600 (it holds the functions' environment
    values), brings an older one up to date, and raises ``Conflict`` for a newer one.
    """

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.chmod(0o600)
        migrate(path)
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
        event.listen(self._engine, "connect", _configure)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.history = History(self._run)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        await self._run(lambda _: None)
        self._thread.shutdown()
        self._engine.dispose()

    async def setting(self, key: str) -> str | None:
        """The value saved under ``key``."""
        return await self._run(
            lambda c: c.execute(select(settings.c.value).where(settings.c.key == key)).scalar_one_or_none()
        )

    async def save_setting(self, key: str, value: str) -> None:
        """Save ``value`` under ``key``."""
        statement = upsert(settings).values(key=key, value=value)
        replace = statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
        await self._run(lambda c: c.execute(replace))

    async def each_latest(self, take: Callable[[VersionRecord, int], None]) -> None:
        """Give ``take`` for every function the version that ``latest`` names, and how many versions it has.

        One after the other, in the store's thread: there may be very many.
        """
        every = versions.alias()
        count = select(func.count()).where(every.c.function == aliases.c.function).scalar_subquery()
        named = (aliases.c.function == versions.c.function) & (aliases.c.number == versions.c.number)
        query = (
            select(versions, count.label("total"))
            .join(aliases, named)
            .where(aliases.c.alias == "latest")
            .order_by(versions.c.function)
            .execution_options(yield_per=ROWS_AT_A_TIME)
        )

        def walk(connection: Connection) -> None:
            for row in connection.execute(query):
                take(_version(row), int(row.total))

        await self._run(walk)

    async def version(self, function: str, number: int) -> VersionRecord | None:
        """One version."""
        query = select(versions).where(versions.c.function == function, versions.c.number == number)
        row = await self._run(lambda c: c.execute(query).one_or_none())
        return _version(row) if row else None

    async def version_numbers(self, function: str) -> list[int]:
        """All version numbers of a function, ascending."""
        query = select(versions.c.number).where(versions.c.function == function).order_by(versions.c.number)
        return await self._run(lambda c: list(c.execute(query).scalars()))

    async def images(self, function: str) -> list[str]:
        """The image digests of a function's versions."""
        query = select(versions.c.image_digest).where(versions.c.function == function)
        return await self._run(lambda c: list(c.execute(query).scalars()))

    async def publish(self, record: VersionRecord) -> None:
        """Save a version and move ``latest`` to it, both or neither."""

        def transaction(connection: Connection) -> None:
            row = {**asdict(record), "manifest": record.manifest.model_dump(mode="json")}
            row["packages"] = list(record.packages)
            row["environment"] = dict(record.environment)
            connection.execute(insert(versions).values(**row))
            move = upsert(aliases).values(function=record.function, alias="latest", number=record.number)
            connection.execute(
                move.on_conflict_do_update(
                    index_elements=["function", "alias"], set_={"number": record.number}
                )
            )

        await self._run(transaction)

    async def replace_image(self, record: VersionRecord) -> None:
        """Note that a version's image was made anew."""
        made_anew = (
            update(versions)
            .where(versions.c.function == record.function, versions.c.number == record.number)
            .values(image_digest=record.image_digest, environment_image=record.environment_image)
        )
        await self._run(lambda c: c.execute(made_anew))

    async def delete(self, function: str) -> int:
        """Forget a function with its versions and invocations; the number of versions."""

        def transaction(connection: Connection) -> int:
            connection.execute(delete(aliases).where(aliases.c.function == function))
            forget(connection, function)
            return connection.execute(delete(versions).where(versions.c.function == function)).rowcount

        return await self._run(transaction)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)


def _configure(connection: Any, _: Any) -> None:
    # WAL lets readers go on during a write; NORMAL may lose the last commit at a power failure, never
    # the file's consistency (https://www.sqlite.org/wal.html).
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _version(row: Row[Any]) -> VersionRecord:
    fields = {name: value for name, value in row._mapping.items() if name != "total"}
    fields["manifest"] = Manifest.model_validate(fields["manifest"])
    fields["packages"] = tuple(fields["packages"])
    return VersionRecord(**fields)
