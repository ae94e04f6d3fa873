"""``python -m jupyter_faas.gateway.backup save|restore FILE``: what a gateway can't make again, in a file.

That is its database, the bundles of its versions and their locks; images are built of these when they are
first needed. The file holds the functions' environment values, and so is readable by its owner only.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import io
import json
import os
import sqlite3
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from jupyter_faas.gateway.store.migrate import check, revision_of
from jupyter_faas.model.connection import data_dir
from jupyter_faas.model.errors import Conflict, FaasError, MalformedRequest, NotFound
from jupyter_faas.version import VERSION

__all__ = ["main", "restore", "save"]

FORMAT: Final = 1
ABOUT: Final = "backup.json"
DATABASE: Final = "gateway.sqlite"
FOLDERS: Final = ("bundles", "locks")


def save(file: Path, folder: Path) -> dict[str, Any]:
    """Write a backup of the gateway with its data in ``folder``; it may be running. What the backup holds.

    Raises ``NotFound`` if there is no gateway's data, and ``Conflict`` for a database of a newer version.
    """
    if not (folder / DATABASE).exists():
        raise NotFound(
            f"There is nothing to save: {folder} holds no gateway's database. Name it: --data-dir."
        )
    check(folder / DATABASE)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as name:
        copy = Path(name, DATABASE)
        _copy_database(folder / DATABASE, copy)
        kept, missing = _files_of(copy, folder)
        about = {
            "format": FORMAT,
            "version": VERSION,
            "schema": revision_of(copy),
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **_counts(copy),
            "missing_bundles": missing,
        }
        partial = Path(name, "backup.tar")  # mode 0700 of its folder, then 0600 of its own
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:  # noqa: PTH123
            with tarfile.open(fileobj=stream, mode="w") as archive:
                _add_text(archive, ABOUT, json.dumps(about, indent=1))
                archive.add(copy, DATABASE)
                for path in kept:
                    archive.add(path, str(path.relative_to(folder)))
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    return {**about, "file": str(file), "bytes": file.stat().st_size}


def restore(file: Path, folder: Path, force: bool = False) -> dict[str, Any]:
    """Put the content of a backup into ``folder``; what the backup says of itself.

    Raises ``Conflict`` while a gateway uses the folder, for a folder with data (unless ``force``, which
    replaces it) and for a backup of a newer version, and ``MalformedRequest`` for a file that is no backup.
    Until all of it has been read and checked, nothing in ``folder`` is touched.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _held(folder):
        there = [name for name in (DATABASE, *FOLDERS) if _is_filled(folder / name)]
        if there and not force:
            raise Conflict(
                f"{folder} holds a gateway's data already ({', '.join(there)}). Add --force to replace it, "
                "or name another folder: --data-dir.",
                present=there,
            )
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as name:
            unpacked = Path(name)
            about = _unpack(file, unpacked)
            _keep_owner(unpacked / DATABASE, folder / DATABASE)
            _put_in_place(unpacked, folder)
    return {**about, "data_dir": str(folder)}


def _put_in_place(unpacked: Path, folder: Path) -> None:
    """Files first, which are named by their content and so can't be wrong for either database; then the
    database in one step; then what only the old one knew. Whenever this is killed, one of both is whole."""
    kept = set()
    for part in FOLDERS:
        (folder / part).mkdir(mode=0o700, exist_ok=True)
        for file in (unpacked / part).glob("*"):
            file.replace(folder / part / file.name)
            kept.add(f"{part}/{file.name}")
    if (folder / DATABASE).exists():
        _end_wal(folder / DATABASE)
    (unpacked / DATABASE).replace(folder / DATABASE)
    for part in FOLDERS:
        for file in (folder / part).glob("*"):
            if f"{part}/{file.name}" not in kept:
                file.unlink()


def _end_wal(database: Path) -> None:
    """Have the database in one file: a log that its file left behind would be replayed into the next one."""
    with closing(sqlite3.connect(database)) as old:
        try:
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise Conflict(
                f"Another process has the database {database} open ({error}). End it and restore again."
            ) from error


def _copy_database(source: Path, target: Path) -> None:
    """A consistent copy while others write (https://www.sqlite.org/backup.html)."""
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)


def _files_of(database: Path, folder: Path) -> tuple[list[Path], list[str]]:
    """The bundles and locks of the versions, and the digests of bundles that are gone."""
    with closing(sqlite3.connect(database)) as copy:
        rows = copy.execute("SELECT DISTINCT bundle_digest, environment_image FROM versions").fetchall()
    bundles = {digest: folder / "bundles" / f"{digest.removeprefix('sha256:')}.tar" for digest, _ in rows}
    locks = {folder / "locks" / f"{image.removeprefix('sha256:')}.txt" for _, image in rows}
    missing = sorted(digest for digest, path in bundles.items() if not path.exists())
    return sorted(path for path in {*bundles.values(), *locks} if path.exists()), missing


def _counts(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as copy:
        row = copy.execute("SELECT count(DISTINCT function), count(*) FROM versions").fetchone()
    return {"functions": row[0], "versions": row[1]}


def _unpack(file: Path, into: Path) -> dict[str, Any]:
    """Read and check all of a backup."""
    try:
        with tarfile.open(file) as archive:
            archive.extractall(into, filter="data")
        about: dict[str, Any] = json.loads((into / ABOUT).read_text())
        if about["format"] != FORMAT:
            raise Conflict(f"{file} has format {about['format']}; this version reads format {FORMAT}.")
    except FileNotFoundError as error:
        raise MalformedRequest(f"{file} is no backup: {error.filename} is missing.") from error
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise MalformedRequest(f"{file} is no backup of jupyter-faas: {error}") from error
    for path in (into / "bundles").glob("*.tar"):
        with path.open("rb") as bundle:
            if hashlib.file_digest(bundle, "sha256").hexdigest() != path.stem:
                raise MalformedRequest(f"{file} is damaged: the bundle {path.stem[:12]} has other content.")
    check(into / DATABASE)
    (into / DATABASE).chmod(0o600)
    return about


def _keep_owner(database: Path, replaced: Path) -> None:
    """Two gateways of one owner would end each other's containers: a copy gets an owner of its own, and one
    that replaces its original that one's."""
    owner = None
    if _is_filled(replaced):
        with closing(sqlite3.connect(replaced)) as old:
            owner = old.execute("SELECT value FROM settings WHERE key = 'owner'").fetchone()
    with closing(sqlite3.connect(database)) as new:
        new.execute("DELETE FROM settings WHERE key = 'owner'")
        if owner is not None:
            new.execute("INSERT INTO settings VALUES ('owner', ?)", owner)
        new.commit()


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(text.encode()), 0o600
    archive.addfile(member, io.BytesIO(text.encode()))


def _is_filled(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder, kept from gateways; raises ``Conflict`` if one uses it."""
    with (folder / "gateway.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"A gateway is using {folder}. Stop it first: `jupyter faas stop`.") from None
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it and print what was done as JSON; or the problem, with status 1."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_faas.gateway.backup", description=__doc__)
    parser.add_argument("action", choices=["save", "restore"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--data-dir", type=Path, default=data_dir())
    parser.add_argument("--force", action="store_true", help="restore over what is there")
    options = parser.parse_args(arguments)
    try:
        if options.action == "save":
            done = save(options.file, options.data_dir)
        else:
            done = restore(options.file, options.data_dir, options.force)
    except (FaasError, OSError) as error:
        problem = error if isinstance(error, FaasError) else NotFound(f"{options.file}: {error}")
        sys.stdout.write(json.dumps({"problem": problem.problem()}) + "\n")
        return 1
    sys.stdout.write(json.dumps(done) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
