"""Writes layers: deterministic tars, hashed while they are written.

Members are sorted, times are 0, the owner is root and modes are 0644 or 0755, so that the same content is
the same layer wherever and whenever it is made.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from jupyter_faas.gateway.engines.base import Layer
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.manifest import MANIFEST_FILE

__all__ = ["APP_DIR", "Entry", "HashingFile", "function_layer", "tree_entries", "write_layer"]

APP_DIR = "opt/faas"
"""Where everything of ours is in an image, less the leading slash."""


@dataclass(frozen=True)
class Entry:
    """One member of a layer: a file with ``content`` or ``source``, a symbolic ``link``, or a directory."""

    path: str
    """Relative to the image's root, without a leading slash."""
    content: bytes | None = None
    source: Path | None = None
    link: str | None = None
    executable: bool = False
    mode: int | None = None
    """Overrides the normalised mode, as for ``/tmp``."""


class HashingFile:
    """Counts and hashes what is written through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write and count."""
        self._hash.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def tell(self) -> int:
        """How much has been written, in bytes."""
        return self.size

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of what has been written."""
        return "sha256:" + self._hash.hexdigest()


def write_layer(destination: Path, entries: Iterable[Entry]) -> Layer:
    """Write ``entries`` and the directories above them as a layer at ``destination``.

    Of entries with the same path the last one counts. Raises ``OSError`` if a source can't be read.
    """
    members = _with_parents(entries)
    with destination.open("wb") as stream:
        hashing = HashingFile(stream)
        with tarfile.open(fileobj=cast("IO[bytes]", hashing), mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(members):
                _add(archive, members[path])
    return Layer(hashing.digest, destination, hashing.size)


def function_layer(bundle: Bundle, destination: Path) -> Layer:
    """The layer of one function: its manifest, its handler and its files."""
    manifest = json.dumps(bundle.manifest.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    carried = {name: content for name, content in bundle.files.items() if name not in bundle.wheels}
    files = {**carried, MANIFEST_FILE: manifest.encode()}
    folder = PurePosixPath(APP_DIR, "function")
    return write_layer(destination, (Entry(str(folder / name), content=files[name]) for name in files))


def tree_entries(root: Path, prefix: str) -> Iterable[Entry]:
    """All files and links under the directory ``root``, to be placed under ``prefix``."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            place = str(PurePosixPath(prefix, path.relative_to(root).as_posix()))
            if path.is_symlink():
                yield Entry(place, link=str(path.readlink()))
            else:
                yield Entry(place, source=path, executable=bool(path.stat().st_mode & 0o100))


def _with_parents(entries: Iterable[Entry]) -> dict[str, Entry]:
    members: dict[str, Entry] = {}
    for entry in entries:
        for parent in PurePosixPath(entry.path).parents:
            if parent.name:
                members.setdefault(str(parent), Entry(str(parent)))
        members[entry.path] = entry
    return members


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    member = tarfile.TarInfo(entry.path)
    member.mode = entry.mode or (0o755 if entry.executable else 0o644)
    if entry.link is not None:
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry.link, 0o777
        archive.addfile(member)
    elif entry.content is not None:
        member.size = len(entry.content)
        archive.addfile(member, io.BytesIO(entry.content))
    elif entry.source is not None:
        with entry.source.open("rb") as stream:
            member.size = os.fstat(stream.fileno()).st_size
            archive.addfile(member, stream)
    else:
        member.type, member.mode = tarfile.DIRTYPE, entry.mode or 0o755
        archive.addfile(member)
