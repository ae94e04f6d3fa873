"""Errors of calls, grouped by their kind and the line of the cell where they were raised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.schema import errors

__all__ = ["Failure", "failures_of", "group_of", "note_failures"]

MAX_GROUPS: Final = 200
"""Groups of one function; those that were seen last are kept."""
MAX_TEXT: Final = 500
MAX_VERSIONS: Final = 50
_CALLERS_OWN: Final = frozenset(
    {"invalid-input", "not-acceptable", "not-found", "saturated", "draining", "engine-unavailable"}
)
"""Codes of calls that ended because of the caller or the gateway, and not of the function."""


class Group(NamedTuple):
    """What errors of one group have in common; ``exception`` and ``cell`` are empty where there is none."""

    function: str
    code: str
    exception: str
    cell: str
    line: int


@dataclass(frozen=True)
class Failure:
    """A group of errors; times in Unix seconds."""

    group: Group
    message: str
    """That of the newest one."""
    first: float
    last: float
    count: int
    versions: tuple[int, ...]
    invocation: str
    """The newest one's."""


def group_of(record: InvocationRecord) -> Group | None:
    """The group of a failed call; None for one that its function didn't fail."""
    if record.problem is None or record.code is None or record.code in _CALLERS_OWN:
        return None
    exception = str(record.problem.get("exception") or "")[:MAX_TEXT]
    cell, line = _place(record.problem.get("traceback"))
    return Group(record.function, record.code, exception, cell, line)


def _place(traceback: object) -> tuple[str, int]:
    """Cell and line of the innermost frame that is in a cell; what a container says is not to be believed."""
    for frame in reversed(traceback) if isinstance(traceback, list) else ():
        if isinstance(frame, dict) and isinstance(frame.get("cell"), str):
            line = frame.get("cell_line")
            return frame["cell"][:MAX_TEXT], line if isinstance(line, int) and 0 <= line < 2**31 else 0
    return "", 0


def note_failures(connection: Connection, records: Sequence[InvocationRecord]) -> None:
    """Add the failed calls of a batch to their groups."""
    found: dict[Group, Failure] = {}
    for record in records:
        group = group_of(record)
        if group is not None:
            found[group] = _joined(found.get(group), group, record)
    for group, failure in found.items():
        _save(connection, _merged(_existing(connection, group), failure))
    for function in {group.function for group in found}:
        _trim(connection, function)


def failures_of(connection: Connection, function: str) -> list[Failure]:
    """The groups of a function, the one that was seen last first."""
    query = select(errors).where(errors.c.function == function).order_by(errors.c.last.desc())
    return [_failure(row) for row in connection.execute(query)]


def _joined(known: Failure | None, group: Group, record: InvocationRecord) -> Failure:
    problem = record.problem or {}
    message = str(problem.get("message") or problem.get("detail") or "")[:MAX_TEXT]
    one = Failure(group, message, record.started, record.started, 1, (record.version,), record.id)
    return one if known is None else _merged(known, one)


def _merged(known: Failure | None, new: Failure) -> Failure:
    if known is None:
        return new
    versions = tuple(sorted({*known.versions, *new.versions}))[-MAX_VERSIONS:]
    first, count = min(known.first, new.first), known.count + new.count
    newest = new if new.last >= known.last else known
    return replace(newest, first=first, last=max(known.last, new.last), count=count, versions=versions)


def _same(group: Group) -> Iterable[Any]:
    return (errors.c[name] == value for name, value in group._asdict().items())


def _existing(connection: Connection, group: Group) -> Failure | None:
    row = connection.execute(select(errors).where(*_same(group))).one_or_none()
    return None if row is None else _failure(row)


def _failure(row: Any) -> Failure:
    group = Group(row.function, row.code, row.exception, row.cell, row.line)
    versions = tuple(int(number) for number in row.versions)
    return Failure(group, row.message, row.first, row.last, row.count, versions, row.invocation)


def _save(connection: Connection, failure: Failure) -> None:
    values = {
        "message": failure.message,
        "first": failure.first,
        "last": failure.last,
        "count": failure.count,
        "versions": list(failure.versions),
        "invocation": failure.invocation,
    }
    statement = upsert(errors).values(**failure.group._asdict(), **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(Group._fields), set_=values))


def _trim(connection: Connection, function: str) -> None:
    newest = select(errors.c.last).where(errors.c.function == function).order_by(errors.c.last.desc())
    oldest = connection.execute(newest.offset(MAX_GROUPS - 1).limit(1)).scalar()
    if oldest is not None:
        connection.execute(delete(errors).where(errors.c.function == function, errors.c.last < oldest))
