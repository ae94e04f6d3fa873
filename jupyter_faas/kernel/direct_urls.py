"""Where a distribution was installed from, when that was no index (PEP 610, ``direct_url.json``)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

__all__ = ["NotPortable", "Wheel", "direct_source", "local_wheel", "with_source"]


class NotPortable(Exception):
    """A distribution whose source can't travel; the message is a clause that says what to do."""


@dataclass(frozen=True)
class Wheel:
    """A wheel of this machine that travels in the bundle."""

    name: str
    """The file's name (PEP 427)."""
    content: bytes = field(repr=False)

    @property
    def member(self) -> str:
        """Its place in the bundle."""
        return f"wheels/{self.name}"

    @property
    def version(self) -> str:
        """The version that the file's name states."""
        return str(parse_wheel_filename(self.name)[1])


def direct_source(distribution: metadata.Distribution) -> str | Wheel | None:
    """What to install ``distribution`` from, instead of an index: a URL (PEP 508, "direct reference") or a
    wheel of this machine; ``None`` if an index has it.

    Raises ``NotPortable`` for a local folder or archive, or a wheel that is gone or has changed.
    """
    direct = _record(distribution)
    if direct is None or _is_editable(direct):
        return None
    url = str(direct["url"])
    vcs = direct.get("vcs_info")
    if vcs is not None:
        commit = f"{vcs.get('vcs', 'git')}+{url}@{vcs['commit_id']}"
        return commit + (f"#subdirectory={direct['subdirectory']}" if "subdirectory" in direct else "")
    digest = _digest(direct.get("archive_info", {}))
    if urlsplit(url).scheme != "file":
        return url + (f"#sha256={digest}" if digest else "")
    if "archive_info" in direct:
        return local_wheel(url, digest)
    raise NotPortable(
        f"it was installed from the folder {unquote(urlsplit(url).path)}, which does not go along: build a "
        f"wheel of it and install that (pip wheel --no-deps -w dist {unquote(urlsplit(url).path)}), or name "
        f'a version of an index with --require "{distribution.name}==…"'
    )


def local_wheel(url: str, digest: str = "") -> Wheel:
    """The wheel at a ``file://`` URL; ``digest`` is its SHA-256, if known. Raises ``NotPortable``."""
    path = Path(unquote(urlsplit(url).path))
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        raise NotPortable(
            f"{path} is no wheel, and only wheels go along: build one (pip wheel --no-deps -w dist {path}) "
            "and install that"
        ) from None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotPortable(
            f"its wheel {path} can't be read ({error.strerror}): put it back, or name a version of an index "
            "with --require"
        ) from None
    if digest and sha256(content).hexdigest() != digest:
        raise NotPortable(
            f"its wheel {path} is not the one that was installed (its digest differs): install it again"
        )
    return Wheel(path.name, content)


def with_source(requirement: Requirement, source: str) -> str:
    """``requirement`` as a direct reference to ``source``, its extras and marker kept."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras} @ {source}{marker}"


def _is_editable(direct: dict[str, Any]) -> bool:
    """Whether this is an editable install: its code counts as the author's own."""
    return bool(direct.get("dir_info", {}).get("editable"))


def _record(distribution: metadata.Distribution) -> dict[str, Any] | None:
    # conda's packages name the folder they were built in, on the machine that built them.
    if (distribution.read_text("INSTALLER") or "").strip() == "conda":
        return None
    text = distribution.read_text("direct_url.json")
    return None if text is None else dict(json.loads(text))


def _digest(archive: dict[str, Any]) -> str:
    """The archive's SHA-256 in hex, from the present field or the older one; empty if there is none."""
    older = str(archive.get("hash", ""))
    return str(archive.get("hashes", {}).get("sha256", "")) or (
        older.removeprefix("sha256=") if older.startswith("sha256=") else ""
    )
