"""The lock of an environment as one text: system packages as comments, then uv's lock with hashes.

It is a requirements file (pip documentation, "Requirements File Format"), in an image as ``LOCK_FILE``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_faas.gateway.images.layers import APP_DIR
from jupyter_faas.gateway.images.sources import Source

__all__ = ["LOCK_FILE", "apt_lines", "as_source", "joined", "parted", "sources_in"]

LOCK_FILE = f"{APP_DIR}/requirements.lock"
_APT = re.compile(r"^# apt: (\S+)\n", re.M)
_BUILT = "    # built from source\n"
_SOURCES = re.compile(
    rf"""(?mx)^(?P<name>[\w.-]+)
    (?:==(?P<version>\S+)[ ]\\\n[ ]+--hash=sha256:(?P<digest>[0-9a-f]{{64}})|[ ]@[ ](?P<url>\S+))\n
    {re.escape(_BUILT)}"""
)


def as_source(lock: str, wheel: str, source: Source, version: str) -> str:
    """``lock`` with the source in place of the ``wheel`` (a file name) that was built of it."""
    stated = f"{source.name} @ {source.url}\n"
    if not source.is_repository:
        stated = f"{source.name}=={version} \\\n    --hash=sha256:{source.sha256}\n"
    block = rf"^\./wheels/{re.escape(wheel)}[^\n]*\n(?:[ ]+--hash=\S+[^\n]*\n)*"
    return re.sub(block, lambda _: stated + _BUILT, lock, flags=re.M)


def sources_in(lock: str) -> list[tuple[str, Source]]:
    """The packages of a lock that are built from source, each with its lines."""
    found = []
    for match in _SOURCES.finditer(lock):
        name, version, digest, url = match.group("name", "version", "digest", "url")
        found.append((match.group(0), Source(name, url or "", digest or "", version or "")))
    return found


def apt_lines(packages: Sequence[str]) -> str:
    """System packages (``name=version``) as lines of a lock."""
    return "".join(f"# apt: {package}\n" for package in packages)


def joined(system: Sequence[str], lock: str) -> str:
    """The lock of an environment with these system packages and uv's ``lock``."""
    return apt_lines(system) + lock


def parted(lock: str) -> tuple[tuple[str, ...], str]:
    """The system packages of a lock, and the rest of it."""
    return tuple(_APT.findall(lock)), _APT.sub("", lock)
