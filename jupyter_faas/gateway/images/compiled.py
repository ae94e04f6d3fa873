"""Byte code of packages, kept: a package that another environment has had is not compiled again."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from jupyter_faas.gateway.images.bytecode import cache_name, compile_sources
from jupyter_faas.gateway.images.layers import Entry, write_layer

__all__ = ["CompiledPackages"]

BATCH: Final = 150
"""Files that one compiling process gets; fixed, so that the bytes don't depend on the number of cores."""
MAX_BYTES: Final = 500_000_000
"""What is kept at most; what hasn't been used for the longest time goes first."""

_Group = Sequence[tuple[Path, str]]
"""Sources of one package, with the names that tracebacks show."""


class CompiledPackages:
    """Byte code under ``directory``: an archive for each package, named by all that determines it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def entries(self, sources: Iterable[Entry]) -> list[Entry]:
        """The byte code of ``sources``, files of a layer. A package (what is below one folder) is compiled
        on its own, and so its bytes are the same whatever else is installed."""
        self._directory.mkdir(parents=True, exist_ok=True)
        wanted = {self._archive(group): group for group in _groups(sources)}
        missing = {archive: group for archive, group in wanted.items() if not archive.exists()}
        self._compile(missing)
        found = [entry for archive in wanted for entry in _kept(archive)]
        self._discard(set(wanted))
        return found

    def _archive(self, group: _Group) -> Path:
        digest = hashlib.sha256(importlib.util.MAGIC_NUMBER)
        for source, name in group:
            digest.update(f"\0{name}\0".encode() + hashlib.sha256(source.read_bytes()).digest())
        return self._directory / f"{digest.hexdigest()}.tar"

    def _compile(self, missing: Mapping[Path, _Group]) -> None:
        """Compile on all cores; archives are there whole or not at all."""
        batches = [
            (archive, group[start : start + BATCH])
            for archive, group in missing.items()
            for start in range(0, len(group), BATCH)
        ]
        made: dict[Path, list[Entry]] = {archive: [] for archive in missing}
        with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as threads:
            for (archive, _), compiled in zip(
                batches, threads.map(self._batch, (batch for _, batch in batches)), strict=True
            ):
                made[archive] += compiled
        for archive, entries in made.items():
            with tempfile.TemporaryDirectory(prefix=".making-", dir=self._directory) as folder:
                layer = write_layer(Path(folder, archive.name), entries)
                layer.path.replace(archive)

    def _batch(self, group: _Group) -> list[Entry]:
        names = dict(group)
        with tempfile.TemporaryDirectory(prefix=".compiling-", dir=self._directory) as folder:
            compiled = compile_sources(list(names), names, Path(folder))
        return [
            Entry(cache_name(names[source]).lstrip("/"), content=code) for source, code in compiled.items()
        ]

    def _discard(self, used: set[Path]) -> None:
        files = []
        for path in self._directory.glob("*.tar"):
            with suppress(FileNotFoundError):
                if path in used:
                    os.utime(path)
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        excess = sum(size for _, size, _ in files) - MAX_BYTES
        for _, size, path in sorted(files):
            if excess > 0 and path not in used:
                path.unlink(missing_ok=True)
                excess -= size


def _groups(sources: Iterable[Entry]) -> Iterator[_Group]:
    """Sources by the first folder in which they differ: ``opt/faas/packages/NAME``."""
    groups: defaultdict[str, list[tuple[Path, str]]] = defaultdict(list)
    for entry in sorted(sources, key=lambda one: one.path):
        if entry.source is not None:
            groups["/".join(entry.path.split("/")[:4])].append((entry.source, f"/{entry.path}"))
    yield from groups.values()


def _kept(archive: Path) -> Iterator[Entry]:
    with tarfile.open(archive, "r:") as stream:
        for member in stream:
            if (content := stream.extractfile(member)) is not None:
                yield Entry(member.name, content=content.read())
