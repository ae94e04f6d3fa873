"""Rows of aliases and of their moves; each function here is a part of one of the store's transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Integer, Row, cast, delete, func, insert, select, update

from jupyter_faas.gateway.store.records import Move
from jupyter_faas.gateway.store.schema import alias_moves, aliases, versions
from jupyter_faas.model.aliases import LATEST, Shares, parse_shares

__all__ = ["all_shares", "forget", "last_number", "mark_served", "move", "moves", "trail"]


def all_shares(connection: Connection, function: str | None = None) -> dict[tuple[str, str], Shares]:
    """The versions of each alias but ``latest``, by function and alias; of one function or of all."""
    query = select(aliases).where(aliases.c.alias != LATEST)
    if function is not None:
        query = query.where(aliases.c.function == function)
    found: dict[tuple[str, str], dict[int, int]] = {}
    for row in connection.execute(query.order_by(aliases.c.number)):
        found.setdefault((row.function, row.alias), {})[row.number] = row.share
    return dict(found)


def move(connection: Connection, one: Move) -> None:
    """Move an alias, and note it; with nothing ``after``, it is gone."""
    named = (aliases.c.function == one.function) & (aliases.c.alias == one.alias)
    connection.execute(delete(aliases).where(named))
    for number, share in parse_shares(one.after).items() if one.after else ():
        row = {"function": one.function, "alias": one.alias, "number": number, "share": share}
        connection.execute(insert(aliases).values(**row))
    connection.execute(insert(alias_moves).values(**asdict(one)))


def moves(connection: Connection, function: str, alias: str | None, limit: int) -> list[Move]:
    """The last moves of an alias or of all aliases of a function, newest first."""
    query = select(alias_moves).where(alias_moves.c.function == function)
    if alias is not None:
        query = query.where(alias_moves.c.alias == alias)
    rows = connection.execute(query.order_by(alias_moves.c.sequence.desc()).limit(limit))
    return [_move(row) for row in rows]


def trail(connection: Connection, function: str) -> list[int]:
    """The versions that rolling back leads to, the one that is the latest now at the end.

    Each publish adds its version; a rollback takes off what it has left behind.
    """
    query = select(alias_moves.c.after).where(
        alias_moves.c.function == function, alias_moves.c.alias == LATEST
    )
    found: list[int] = []
    for after in connection.execute(query.order_by(alias_moves.c.sequence)).scalars():
        number = int(after)
        if number in found:
            del found[found.index(number) + 1 :]
        else:
            found.append(number)
    there = select(versions.c.number).where(versions.c.function == function)
    present = set(connection.execute(there).scalars())
    return [number for number in found if number in present]


def last_number(connection: Connection, function: str) -> int:
    """The highest number that a version ever had, be it deleted; 0 before the first one."""
    published = select(func.max(versions.c.number)).where(versions.c.function == function)
    moved = select(func.max(cast(alias_moves.c.after, Integer))).where(
        alias_moves.c.function == function, alias_moves.c.alias == LATEST
    )
    return max(connection.execute(query).scalar() or 0 for query in (published, moved))


def mark_served(connection: Connection, found: Mapping[tuple[str, int], float]) -> None:
    """Note when a call of a version, by function and number, succeeded for the first time."""
    for (function, number), seconds in found.items():
        named = (versions.c.function == function) & (versions.c.number == number)
        connection.execute(update(versions).where(named, versions.c.served.is_(None)).values(served=seconds))


def forget(connection: Connection, function: str) -> None:
    """The function is deleted, its aliases and their moves with it."""
    for table in (aliases, alias_moves):
        connection.execute(delete(table).where(table.c.function == function))


def _move(row: Row[Any]) -> Move:
    return Move(**{name: value for name, value in row._mapping.items() if name != "sequence"})
