"""The store opens what an earlier version has left, whichever it was, and nothing that a newer one has."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from jupyter_faas.gateway.store import migrate as migrate_module
from jupyter_faas.gateway.store.migrate import HEAD, migrate, revision_of
from jupyter_faas.gateway.store.records import InvocationRecord, Move, Reason, VersionRecord, Wanted
from jupyter_faas.gateway.store.schema import metadata
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import Conflict
from tests.support.records import version_record

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
"""A filled database of each form that there ever was. ``grown`` is ``first`` after an upgrade by the code of
``start``, before steps had numbers."""


def database_of(dump: Path, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(dump.read_text())
    return path


@pytest.mark.parametrize("dump", SCHEMAS, ids=lambda dump: dump.stem)
def test_every_earlier_schema_is_brought_up_to_date(dump: Path, tmp_path: Path) -> None:
    path = database_of(dump, tmp_path / "gateway.sqlite")

    async def use() -> None:
        store = Store(path)
        try:
            found: list[tuple[VersionRecord, int]] = []
            await store.each_latest(lambda record, count: found.append((record, count)))
            ((latest, count),) = found
            assert (latest.number, count, latest.environment) == (2, 2, {"KEY": "secret"})
            first = await store.version("summarize", 1)
            assert first is not None
            assert first.manifest.origin.notebook == "work.ipynb"
            assert await store.trail("summarize") == [1, 2], "each version was a move of latest"
            assert await store.served("summarize") == [1], "version 2 has only failed"
            assert await store.last_number("summarize") == 2
            await store.history.add([InvocationRecord("new", "summarize", 2, 0.0, start="warm")])
            page = await store.history.page(Wanted("summarize"), 10)
            newest, *older = page.found
            assert (newest.start, [record.status for record in older]) == ("warm", [500, 200])
        finally:
            await store.close()

    asyncio.run(use())
    assert revision_of(path) == HEAD
    assert differences(path) == []


def test_a_new_database_is_like_a_migrated_one(tmp_path: Path) -> None:
    migrate(tmp_path / "new.sqlite")
    assert revision_of(tmp_path / "new.sqlite") == HEAD
    assert differences(tmp_path / "new.sqlite") == []
    migrate(tmp_path / "new.sqlite")


def test_the_last_step_is_the_head_and_every_step_has_been_seen(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    steps = ScriptDirectory.from_config(config)
    assert steps.get_current_head() == HEAD
    tried = {revision_of(database_of(dump, tmp_path / dump.stem)) for dump in SCHEMAS}
    assert {step.revision for step in steps.walk_revisions()} == tried, "a new step needs a dump of its own"


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite"
    migrate(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9001'")
        database.commit()
    with pytest.raises(Conflict, match=f"schema 9001.*up to {HEAD}"):
        Store(path)


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but quite a long text" * 100)
    with pytest.raises(Conflict, match="not a database"):
        Store(tmp_path / "text")
    with closing(sqlite3.connect(tmp_path / "other")) as database:
        database.execute("CREATE TABLE dogs (name)")
    with pytest.raises(Conflict, match="dogs"):
        Store(tmp_path / "other")


def test_a_failed_step_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database_of(next(dump for dump in SCHEMAS if dump.stem == "first"), tmp_path / "gateway.sqlite")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE VIEW invocations_start AS SELECT 1")
        before = list(database.iterdump())

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(path)
    with closing(sqlite3.connect(path)) as database:
        assert list(database.iterdump()) == before


def test_rolling_back_walks_the_moves(tmp_path: Path) -> None:
    async def walk() -> None:
        store = Store(tmp_path / "gateway.sqlite")
        try:
            for number in (1, 2, 3, 4):
                before = "" if number == 1 else str(number - 1)
                record = dataclasses.replace(version_record("f"), number=number)
                await store.publish(record, [move("publish", before, str(number))])
            assert await store.trail("f") == [1, 2, 3, 4]
            await store.move(move("rollback", "4", "2"))
            assert await store.trail("f") == [1, 2]
            await store.move(move("rollback", "2", "4"))
            assert await store.trail("f") == [1, 2, 4], "forth again, by name"
            await store.delete_version("f", 2)
            assert await store.trail("f") == [1, 4]
            await store.move(move("rollback", "4", "1"))
            await store.delete_version("f", 4)
            assert await store.last_number("f") == 4, "numbers are never used again"
            with pytest.raises(IntegrityError):
                await store.delete_version("f", 1)
            await store.delete("f")
            assert (await store.last_number("f"), await store.trail("f")) == (0, [])
        finally:
            await store.close()

    asyncio.run(walk())


def move(reason: Reason, before: str, after: str) -> Move:
    return Move("f", "latest", 0.0, "ada", reason, before, after)


def differences(path: Path) -> list[object]:
    """What Alembic finds different from the tables that the code knows."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), metadata))
    finally:
        engine.dispose()
