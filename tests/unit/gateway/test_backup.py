"""A backup holds what can't be made again, and is only restored where it harms nothing."""

from __future__ import annotations

import fcntl
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_faas.gateway.backup import main, restore, save
from jupyter_faas.model.bundle import digest_of
from jupyter_faas.model.errors import Conflict, MalformedRequest, NotFound
from tests.unit.gateway.test_store import SCHEMAS, database_of

LOCK = "e" * 64 + ".txt"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for part in ("bundles", "locks", "cache"):
        (folder / part).mkdir(parents=True)
        (folder / part / "other").write_text("no version needs this")
    database_of(SCHEMAS[0], folder / "gateway.sqlite")
    digest = digest_of(b"bundle")
    (folder / "bundles" / f"{digest.removeprefix('sha256:')}.tar").write_bytes(b"bundle")
    (folder / "locks" / LOCK).write_text("numpy==2.0.0")
    with closing(sqlite3.connect(folder / "gateway.sqlite")) as database:
        database.execute("UPDATE versions SET bundle_digest = ? WHERE number = 2", (digest,))
        database.commit()
    return folder


def owner_in(folder: Path) -> str | None:
    with closing(sqlite3.connect(folder / "gateway.sqlite")) as database:
        row = database.execute("SELECT value FROM settings WHERE key = 'owner'").fetchone()
    return row[0] if row else None


def calls_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "gateway.sqlite")) as database:
        count: int = database.execute("SELECT count(*) FROM invocations").fetchone()[0]
    return count


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    file, new = tmp_path / "faas.tar", tmp_path / "new"
    with closing(sqlite3.connect(data / "gateway.sqlite")) as busy:
        busy.execute("PRAGMA journal_mode=WAL")
        busy.execute("DELETE FROM invocations")  # a transaction that is under way
        saved = save(file, data)
    assert (saved["functions"], saved["versions"], len(saved["missing_bundles"])) == (1, 2, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        assert "bundles/other" not in archive.getnames()
    restore(file, new)
    assert (new / "locks" / LOCK).read_text() == "numpy==2.0.0"
    assert len(list((new / "bundles").iterdir())) == 1
    assert owner_in(new) is None  # or it would end the original's containers
    assert calls_in(new) == 2


def test_over_data_only_by_force(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "faas.tar"
    save(file, data)
    with pytest.raises(Conflict, match=r"gateway\.sqlite, bundles, locks.*--force"):
        restore(file, data)
    assert (data / "bundles" / "other").exists()
    restore(file, data, force=True)
    assert not (data / "bundles" / "other").exists()
    assert owner_in(data) == "0123456789abcdef"
    assert [path.name for path in data.glob(".*")] == []


KILLED_WHILE_WRITING = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode=WAL")
database.execute("DELETE FROM invocations")
database.commit()
os._exit(0)
"""


@pytest.mark.parametrize("done", [0, 1, 2])
def test_killed_while_restoring_either_is_whole(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    file = tmp_path / "faas.tar"
    save(file, data)
    database = data / "gateway.sqlite"
    subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, database], check=True)
    assert (data / "gateway.sqlite-wal").stat().st_size
    # Three files go to their places: a bundle, a lock, and the database as the last.
    into_place, moved = Path.replace, list[Path]()

    def replace(self: Path, target: Path) -> Path:
        if len(moved) == done:
            raise KeyboardInterrupt
        moved.append(target)
        return into_place(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            restore(file, data, force=True)
    assert len(list((data / "bundles").glob("*.tar"))) == 1
    assert calls_in(data) == 0, "what the old database was told last is still in it"
    restore(file, data, force=True)
    assert {path.name for path in data.glob("gateway.sqlite*")} == {"gateway.sqlite"}
    assert calls_in(data) == 2


def test_over_a_database_that_is_read(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "faas.tar"
    save(file, data)
    with closing(sqlite3.connect(data / "gateway.sqlite")) as reader:
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("SELECT count(*) FROM versions").fetchall()
        with pytest.raises(Conflict, match="has the database"):
            restore(file, data, force=True)


def test_not_under_a_running_gateway(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "faas.tar"
    save(file, data)
    with (data / "gateway.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="jupyter faas stop"):
            restore(file, data, force=True)


def test_what_is_no_backup_changes_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("dear diary")
    with tarfile.open(tmp_path / "empty", "w"):
        pass
    save(tmp_path / "faas.tar", data)
    damaged = (tmp_path / "faas.tar").read_bytes().replace(b"bundle\0\0", b"bumble\0\0")
    (tmp_path / "damaged").write_bytes(damaged)
    for name in ("text", "empty", "damaged"):
        with pytest.raises(MalformedRequest, match=name):
            restore(tmp_path / name, data, force=True)
    assert (data / "bundles" / "other").exists()


def test_nothing_to_save(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFound, match="--data-dir"):
        save(tmp_path / "faas.tar", tmp_path)
    assert main(["restore", str(tmp_path / "none"), "--data-dir", str(tmp_path)]) == 1
    assert "none is missing" in capsys.readouterr().out
