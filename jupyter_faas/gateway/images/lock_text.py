"""The lock of an environment as one text: system packages as comments, then uv's lock with hashes.

It is a requirements file (pip documentation, "Requirements File Format"), in an image as ``LOCK_FILE``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_faas.gateway.images.layers import APP_DIR

__all__ = ["LOCK_FILE", "apt_lines", "joined", "parted"]

LOCK_FILE = f"{APP_DIR}/requirements.lock"
_APT = re.compile(r"^# apt: (\S+)\n", re.M)


def apt_lines(packages: Sequence[str]) -> str:
    """System packages (``name=version``) as lines of a lock."""
    return "".join(f"# apt: {package}\n" for package in packages)


def joined(system: Sequence[str], lock: str) -> str:
    """The lock of an environment with these system packages and uv's ``lock``."""
    return apt_lines(system) + lock


def parted(lock: str) -> tuple[tuple[str, ...], str]:
    """The system packages of a lock, and the rest of it."""
    return tuple(_APT.findall(lock)), _APT.sub("", lock)
