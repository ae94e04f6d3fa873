"""Versions as far as it matters which of them are kept; parts of the store's transactions."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, distinct, func, select, text

from jupyter_faas.gateway.store.schema import invocations, versions

__all__ = ["VersionRow", "frozen_bytes", "version_rows", "versions_called"]


class VersionRow(NamedTuple):
    """A version without its manifest."""

    function: str
    number: int
    published: float
    image: str
    environment: str
    bundle: str


def version_rows(connection: Connection) -> list[VersionRow]:
    """All versions of all functions, of each the newest first."""
    columns = versions.c
    query = select(
        columns.function,
        columns.number,
        columns.published,
        columns.image_digest,
        columns.environment_image,
        columns.bundle_digest,
    ).order_by(columns.function, columns.number.desc())
    return [VersionRow(*row) for row in connection.execute(query)]


def versions_called(connection: Connection, function: str, since: float) -> set[int]:
    """The versions of a function that were called after the Unix time ``since``, as far as is recorded."""
    query = select(distinct(invocations.c.version)).where(
        invocations.c.function == function, invocations.c.started >= since
    )
    return set(connection.execute(query).scalars())


def frozen_bytes(connection: Connection) -> tuple[int, int]:
    """How many frozen values the bundles of all versions have, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(text("size")), 0)).select_from(
        text(
            "(SELECT DISTINCT bundle_digest, json_extract(value, '$.name') AS name, "
            "json_extract(value, '$.size_bytes') AS size FROM versions, json_each(manifest, '$.values'))"
        )
    )
    count, size = connection.execute(query).one()
    return int(count), int(size)
