"""The history of calls in the store: written in batches, searched in pages, ended by age and number."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select
from sqlalchemy.dialects import sqlite

from jupyter_faas.gateway.store.aliases import mark_served
from jupyter_faas.gateway.store.failures import Failure, failures_of, note_failures
from jupyter_faas.gateway.store.recordings import recording_of, save_recordings
from jupyter_faas.gateway.store.records import InvocationRecord, Page, Use, Wanted
from jupyter_faas.gateway.store.schema import details, errors, invocations, recordings

__all__ = ["History", "Logged", "Run", "forget", "forget_some"]

T = TypeVar("T")

SEARCHED_ROWS: Final = 200_000
"""How many invocations one page looks through: some 20 ms, in which nothing else can be saved or read."""
RECENT_ROWS: Final = 20_000
"""How many of them ``since`` looks through."""
TRIMMED_ROWS: Final = 20_000
"""The most that are dropped at once, for the same reason."""
FORGOTTEN_ROWS: Final = 5_000
"""The same for those of one function, which lie among all others."""

_PLAIN: Final = tuple(column.name for column in invocations.columns if column.name != "sequence")
_fields_of: Final = attrgetter(*_PLAIN)


def _statement(table: Table) -> str:
    # Straight to the driver: SQLAlchemy's own way costs five times as much, and as the event loop waits
    # for the store's thread to let go of the interpreter, every call would pay for it.
    return str(insert(table).compile(dialect=sqlite.dialect(), column_keys=table.columns.keys()))


_ADD: Final = _statement(invocations)
_ADD_DETAILS: Final = _statement(details)


class Run(Protocol):
    """Runs a transaction in the store's thread."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]:
        """What ``work`` returns."""


class Logged(NamedTuple):
    """An invocation that wrote something."""

    sequence: int
    invocation: str
    started: float
    """Unix time, seconds."""
    lines: bytes


class History:
    """All invocations that are kept, in the order in which they ended."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._served: set[tuple[str, int]] = set()

    async def add(self, records: Sequence[InvocationRecord], recorded_bytes: int = 0) -> None:
        """Append a batch in one transaction, and note which versions served a call for the first time.

        Recordings of a function have ``recorded_bytes`` together at most.
        """
        first = {
            (record.function, record.version): record.started
            for record in reversed(records)
            if 200 <= record.status < 400 and (record.function, record.version) not in self._served
        }

        def transaction(connection: Connection) -> None:
            last = connection.execute(select(func.max(invocations.c.sequence))).scalar() or 0
            numbered = list(enumerate(records, last + 1))
            rows = [(sequence, *_fields_of(record)) for sequence, record in numbered]
            connection.exec_driver_sql(_ADD, rows)
            more = [
                (sequence, record.function, _json(record.problem), record.logs)
                for sequence, record in numbered
                if record.problem is not None or record.logs
            ]
            if more:
                connection.exec_driver_sql(_ADD_DETAILS, more)
            note_failures(connection, records)
            save_recordings(connection, numbered, recorded_bytes)
            mark_served(connection, first)

        if records:
            await self._run(transaction)
            self._served.update(first)

    def forget_served(self, function: str) -> None:
        """The function is deleted: versions of its name will be others."""
        self._served = {known for known in self._served if known[0] != function}

    async def page(self, wanted: Wanted, limit: int, before: int | None = None) -> Page[InvocationRecord]:
        """The newest ``limit`` invocations that are ``wanted``, of those that ended ``before`` another.

        Without their logs and problems.
        """

        def search(connection: Connection) -> Page[InvocationRecord]:
            top = before
            if top is None:
                top = (connection.execute(select(func.max(invocations.c.sequence))).scalar() or 0) + 1
            floor = top - SEARCHED_ROWS if wanted.is_searched else 0
            query = (
                select(invocations)
                .where(invocations.c.sequence < top, invocations.c.sequence >= floor, *_conditions(wanted))
                .order_by(invocations.c.sequence.desc())
                .limit(limit)
            )
            rows = connection.execute(query).all()
            found = [_record(row) for row in rows]
            if len(rows) == limit:
                return Page(found, rows[-1].sequence)
            below = select(invocations.c.sequence).where(invocations.c.sequence < floor).limit(1)
            return Page(found, floor if connection.execute(below).first() else None)

        return await self._run(search)

    async def invocation(self, identifier: str) -> InvocationRecord | None:
        """One invocation, with its log and problem."""
        query = (
            select(invocations, details.c.problem, details.c.logs)
            .outerjoin(details, details.c.sequence == invocations.c.sequence)
            .where(invocations.c.id == identifier)
        )
        row = await self._run(lambda c: c.execute(query).one_or_none())
        return _record(row) if row else None

    async def logged(self, function: str, before: int | None, limit: int) -> list[Logged]:
        """The newest ``limit`` invocations that wrote something, newest first."""
        query = (
            select(details.c.sequence, invocations.c.id, invocations.c.started, details.c.logs)
            .join(invocations, invocations.c.sequence == details.c.sequence)
            .where(details.c.function == function, func.length(details.c.logs) > 0)
            .order_by(details.c.sequence.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(details.c.sequence < before)
        return await self._run(lambda c: [Logged(*row) for row in c.execute(query)])

    async def used(self, function: str, limit: int) -> list[Use]:
        """What the newest ``limit`` calls that ran have used."""
        columns = invocations.c
        query = (
            select(columns.run_ms, columns.cpu_ms, columns.peak_bytes, columns.code, columns.version)
            .where(columns.function == function, columns.start != "")
            .order_by(columns.sequence.desc())
            .limit(limit)
        )
        return await self._run(lambda c: [Use(*row) for row in c.execute(query)])

    async def since(self, time: float) -> list[InvocationRecord]:
        """What began since then (Unix time) of the newest invocations, in the order in which they ended.

        Without their logs and problems.
        """
        columns = invocations.c

        def search(connection: Connection) -> list[InvocationRecord]:
            top = connection.execute(select(func.max(columns.sequence))).scalar() or 0
            query = (
                select(invocations)
                .where(columns.sequence > top - RECENT_ROWS, columns.started >= time)
                .order_by(columns.sequence)
            )
            return [_record(row) for row in connection.execute(query)]

        return await self._run(search)

    async def failures(self, function: str) -> list[Failure]:
        """The errors of a function in groups, the one that was seen last first."""
        return await self._run(lambda c: failures_of(c, function))

    async def recording(self, identifier: str) -> bytes | None:
        """What an invocation was given and gave, if that was kept."""
        return await self._run(lambda c: recording_of(c, identifier))

    async def trim(self, keep: int, since: float) -> int:
        """Drop what began before ``since``, and all but the newest ``keep``; how many, bounded at a time.

        More may be left to drop if it is as many as one time allows.
        """

        def transaction(connection: Connection) -> int:
            oldest, newest = connection.execute(
                select(func.min(invocations.c.sequence), func.max(invocations.c.sequence))
            ).one()
            if oldest is None:
                return 0
            fresh = (
                select(invocations.c.sequence)
                .where(invocations.c.started >= since)
                .order_by(invocations.c.sequence)
                .limit(1)
            )
            first = connection.execute(fresh).scalar()
            end = max(newest - keep + 1, newest + 1 if first is None else first)
            end = min(end, oldest + TRIMMED_ROWS)
            for table in (details, recordings):
                connection.execute(delete(table).where(table.c.sequence < end))
            return connection.execute(delete(invocations).where(invocations.c.sequence < end)).rowcount

        return await self._run(transaction)


def forget_some(connection: Connection, function: str) -> bool:
    """Drop the oldest of a function's invocations, with what is kept of them; whether there may be more."""
    own = invocations.c.function == function
    oldest = select(invocations.c.sequence).where(own).order_by(invocations.c.sequence).limit(FORGOTTEN_ROWS)
    found = connection.execute(oldest).scalars().all()
    if found:
        for table in (details, recordings, invocations):
            some = (table.c.function == function) & (table.c.sequence <= found[-1])
            connection.execute(delete(table).where(some))
    return len(found) == FORGOTTEN_ROWS


def forget(connection: Connection, function: str) -> None:
    """Drop everything about a function's calls."""
    for table in (invocations, details, errors, recordings):
        connection.execute(delete(table).where(table.c.function == function))


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    columns = invocations.c
    if wanted.function is not None:
        yield columns.function == wanted.function
    if wanted.version is not None:
        yield columns.version == wanted.version
    if wanted.statuses is not None:
        yield columns.status.between(*wanted.statuses)
    if wanted.code is not None:
        yield columns.code == wanted.code
    for column, low, high in (
        (columns.started, wanted.since, wanted.until),
        (columns.run_ms, wanted.min_ms, wanted.max_ms),
    ):
        if low is not None:
            yield column >= low
        if high is not None:
            yield column <= high


def _json(problem: dict[str, Any] | None) -> str | None:
    return None if problem is None else json.dumps(problem, default=str)


def _record(row: Row[Any]) -> InvocationRecord:
    fields = {name: value for name, value in row._mapping.items() if name != "sequence"}
    fields["problem"] = json.loads(fields.get("problem") or "null")
    fields["logs"] = fields.get("logs") or b""
    return InvocationRecord(**fields)
