"""Writes layers of a Debian system's files: what apt or debootstrap has made, less what differs each time.

Owners and modes stay (set-user-id bits go: a sandbox gains no rights), times are 0. Left out are caches,
lists, logs, the machine's own id and names, byte code stamped with times, and documentation but licences.
"""

from __future__ import annotations

import copy
import posixpath
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, cast

from jupyter_faas.gateway.engines.base import Layer
from jupyter_faas.gateway.images.layers import HashingFile

__all__ = ["Member", "archive_members", "file_member", "is_kept", "tree_members", "write_members"]

Member = tuple[tarfile.TarInfo, Callable[[], IO[bytes]] | None]
"""A member and what opens its content, for regular files."""

_NEVER = re.compile(
    r"""(?x)
    (?:\.wh\.)?\.dockerenv
    | (?:dev|proc|sys|run|tmp)/.+
    | (?:faas-build|debootstrap)(?:/.*)?
    | etc/(?:hostname|hosts|resolv\.conf|mtab|machine-id|\.pwd\.lock|[^/]+-)
    | etc/apt/sources\.list(?:\.d/.+)?
    | etc/apt/auth\.conf(?:\.d/.+)?
    | root/\..*
    | usr/sbin/policy-rc\.d
    | (?:.*/)?__pycache__(?:/.*)?
    """
)
_NO_FILES = re.compile(
    r"""(?x)
    usr/share/(?:man|info|lintian|groff)/.+
    | usr/share/doc/.+/(?!copyright$)[^/]+
    | var/(?:cache|log|backups|tmp|spool)/.+
    | var/lib/(?:apt|dbus|systemd)/.+
    | var/lib/dpkg/(?:lock.*|triggers/Lock|.*-old|available)
    """
)
"""Where folders are kept, because packages expect them, and files are not."""


def is_kept(path: str, folder: bool = False) -> bool:
    """Whether a file or a ``folder`` (relative to the root) belongs into a layer."""
    return not _NEVER.fullmatch(path) and (folder or not _NO_FILES.fullmatch(path))


def archive_members(archive: tarfile.TarFile) -> Iterator[Member]:
    """The members of a tar as ``Engine.run_build`` writes it; it must stay open until they are written."""
    for member in archive:
        yield member, partial(_extracted, archive, member) if member.isreg() else None


def tree_members(root: Path) -> Iterator[Member]:
    """All that is under the folder ``root``, hard links as such."""
    with tarfile.open(fileobj=cast("IO[bytes]", _Nowhere()), mode="w") as archive:
        for path in sorted(root.rglob("*")):
            member = cast("tarfile.TarInfo | None", archive.gettarinfo(path, str(path.relative_to(root))))
            if member is not None:  # as it is for a socket
                yield member, partial(_opened, path) if member.isreg() else None


def file_member(path: str, content: Path) -> Member:
    """A file of the owner root."""
    member = tarfile.TarInfo(path)
    member.size = content.stat().st_size
    member.mode = 0o644
    return member, partial(_opened, content)


def write_members(destination: Path, members: Iterable[Member]) -> Layer:
    """Write ``members`` as a layer, sorted and made definite; hard links come after what they link to."""
    kept: dict[str, Member] = {}
    for member, content in members:
        path = posixpath.normpath(member.name).lstrip("/")
        usual = member.isreg() or member.isdir() or member.issym() or member.islnk()
        if path != "." and usual and is_kept(path, member.isdir()):
            kept[path] = (_definite(member, path), content)
    with destination.open("wb") as stream:
        hashing = HashingFile(stream)
        with tarfile.open(fileobj=cast("IO[bytes]", hashing), mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(kept, key=lambda path: (kept[path][0].islnk(), path)):
                member, content = kept[path]
                if content is None:
                    archive.addfile(member)
                else:
                    with content() as source:
                        archive.addfile(member, source)
    return Layer(hashing.digest, destination, hashing.size)


def _definite(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
    result = copy.copy(member)
    result.name, result.mtime, result.pax_headers = path, 0, {}
    result.uname = result.gname = ""
    result.mode &= 0o1777
    if member.islnk():
        result.linkname = posixpath.normpath(member.linkname).lstrip("/")
    return result


def _extracted(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(member))


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


class _Nowhere:
    """Stands for a file that nothing is written to."""

    def write(self, data: bytes) -> int:
        return len(data)

    def tell(self) -> int:
        return 0
