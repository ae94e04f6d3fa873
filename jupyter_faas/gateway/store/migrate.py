"""Brings a database of any earlier version of the gateway to the tables of this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event, inspect

from jupyter_faas.gateway.store.schema import metadata
from jupyter_faas.model.errors import Conflict

__all__ = ["HEAD", "check", "migrate", "revision_of"]

HEAD: Final = "0004"
"""The last of the steps in ``migrations/versions``. A constant, so that a database that is up to date, as
nearly all are, needs no Alembic, whose import takes half a second."""


def migrate(path: Path) -> None:
    """Make the tables of a new database; bring those of an older one up to date, all steps or none.

    Raises ``Conflict`` for a database of a newer gateway, or of none.
    """
    check(path)
    if revision_of(path) == HEAD:
        return
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
    # Python's sqlite3 would commit before each change of a table: SQLAlchemy's "Serializable isolation /
    # Savepoints / Transactional DDL" has the two listeners.
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    try:
        with engine.begin() as connection:
            _bring_up_to_date(connection)
    finally:
        engine.dispose()


def check(path: Path) -> None:
    """Raise ``Conflict`` if the database was made by a newer gateway, or is no gateway's at all."""
    try:
        revision = revision_of(path)
    except sqlite3.DatabaseError as error:
        raise Conflict(f"{path} is not a database of the gateway: {error}.") from error
    if revision is not None and not (revision.isdigit() and int(revision) <= int(HEAD)):
        raise Conflict(
            f"The database {path} has schema {revision}, and this version of jupyter-faas knows those up to "
            f"{HEAD}: a newer one made it. Install that version, or restore a backup made before it ran.",
            schema=revision,
            known_schema=HEAD,
        )


def revision_of(path: Path) -> str | None:
    """The step that a database is at; ``None`` for an empty or missing one.

    Raises ``sqlite3.DatabaseError`` for a file that is none.
    """
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=10)) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" in tables:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
        if not tables:
            return None
        if not {"settings", "versions", "invocations"} <= tables:
            raise sqlite3.DatabaseError(f"it has the tables {', '.join(sorted(tables))}")
        # From the time before steps had numbers.
        columns = {row[1] for row in database.execute("PRAGMA table_info(invocations)")}
        return "0002" if "start" in columns else "0001"


def _bring_up_to_date(connection: Connection) -> None:
    tables = inspect(connection).get_table_names()
    if not tables:
        metadata.create_all(connection)
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY NOT NULL)"
        )
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        return
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if "alembic_version" not in tables:
        columns = {column["name"] for column in inspect(connection).get_columns("invocations")}
        command.stamp(config, "0002" if "start" in columns else "0001")
    command.upgrade(config, "head")


def _leave_transactions_to_us(connection: Any, _: Any) -> None:
    connection.isolation_level = None
