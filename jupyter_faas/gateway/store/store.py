"""The store: SQLAlchemy on SQLite (write-ahead log), used from one thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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

from jupyter_faas.gateway.store import aliases as rows
from jupyter_faas.gateway.store.history import History, forget, forget_some
from jupyter_faas.gateway.store.migrate import migrate
from jupyter_faas.gateway.store.records import Move, VersionRecord
from jupyter_faas.gateway.store.schema import aliases, invocations, settings, versions
from jupyter_faas.gateway.store.versions import VersionRow, frozen_bytes, version_rows, versions_called
from jupyter_faas.model.aliases import Shares
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

    async def images(self, function: str | None) -> list[str]:
        """The image digests of a function's versions, or of all."""
        query = select(versions.c.image_digest)
        if function is not None:
            query = query.where(versions.c.function == function)
        return await self._run(lambda c: list(c.execute(query).scalars()))

    async def versions(self, function: str, below: int, limit: int) -> list[VersionRecord]:
        """The newest versions of a function with numbers less than ``below``, newest first."""
        query = (
            select(versions)
            .where(versions.c.function == function, versions.c.number < below)
            .order_by(versions.c.number.desc())
            .limit(limit)
        )
        return [_version(row) for row in await self._run(lambda c: c.execute(query).all())]

    async def publish(self, record: VersionRecord, moves: Sequence[Move]) -> None:
        """Save a version and move aliases to it, all or nothing."""

        def transaction(connection: Connection) -> None:
            row = {**asdict(record), "manifest": record.manifest.model_dump(mode="json")}
            row["packages"] = list(record.packages)
            row["environment"] = dict(record.environment)
            connection.execute(insert(versions).values(**row))
            for one in moves:
                rows.move(connection, one)

        await self._run(transaction)

    async def last_number(self, function: str) -> int:
        """The highest number that a version ever had, be it deleted; 0 before the first one."""
        return await self._run(lambda c: rows.last_number(c, function))

    async def aliases(self, function: str | None = None) -> dict[tuple[str, str], Shares]:
        """The versions of each alias but ``latest``, by function and alias; of one function or of all."""
        return await self._run(lambda c: rows.all_shares(c, function))

    async def move(self, one: Move) -> None:
        """Move an alias, and note it; with nothing ``after``, it is gone."""
        await self._run(lambda c: rows.move(c, one))

    async def moves(self, function: str, alias: str | None, limit: int) -> list[Move]:
        """The last moves of one or all aliases of a function, newest first."""
        return await self._run(lambda c: rows.moves(c, function, alias, limit))

    async def trail(self, function: str) -> list[int]:
        """The versions that rolling back leads to, the latest one at the end."""
        return await self._run(lambda c: rows.trail(c, function))

    async def served(self, function: str) -> list[int]:
        """The versions of which a call has succeeded."""
        query = select(versions.c.number).where(
            versions.c.function == function, versions.c.served.is_not(None)
        )
        return await self._run(lambda c: list(c.execute(query).scalars()))

    async def replace_image(self, record: VersionRecord) -> None:
        """Note that a version's image was made anew."""
        made_anew = (
            update(versions)
            .where(versions.c.function == record.function, versions.c.number == record.number)
            .values(image_digest=record.image_digest, environment_image=record.environment_image)
        )
        await self._run(lambda c: c.execute(made_anew))

    async def version_rows(self) -> list[VersionRow]:
        """All versions of all functions, of each the newest first."""
        return await self._run(version_rows)

    async def versions_called(self, function: str, since: float) -> set[int]:
        """The versions of a function that were called after the Unix time ``since``."""
        return await self._run(lambda c: versions_called(c, function, since))

    async def frozen_values(self) -> tuple[int, int]:
        """How many frozen values the bundles of all versions have, and their bytes."""
        return await self._run(frozen_bytes)

    async def image_sizes(self, function: str) -> dict[str, int]:
        """The images of a function's versions, each with the bytes of its own layer."""
        query = select(versions.c.image_digest, versions.c.layer_bytes).where(versions.c.function == function)
        return await self._run(lambda c: {row[0]: row[1] for row in c.execute(query)})

    async def count_invocations(self, function: str) -> int:
        """How many calls of a function are recorded."""
        query = select(func.count()).select_from(invocations).where(invocations.c.function == function)
        return await self._run(lambda c: int(c.execute(query).scalar_one()))

    async def delete_version(self, function: str, number: int) -> None:
        """Forget one version; its invocations stay. No alias may lead to it."""
        named = (versions.c.function == function) & (versions.c.number == number)
        await self._run(lambda c: c.execute(delete(versions).where(named)))

    async def delete(self, function: str) -> int:
        """Forget a function with its versions and invocations; the number of versions.

        There may be very many invocations: they go first, in pieces, between which others get their turn.
        The function itself goes whole, with those of the last moment.
        """

        def transaction(connection: Connection) -> int:
            rows.forget(connection, function)
            forget(connection, function)
            return connection.execute(delete(versions).where(versions.c.function == function)).rowcount

        while await self._run(lambda c: forget_some(c, function)):
            pass
        deleted = await self._run(transaction)
        self.history.forget_served(function)
        return deleted

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
