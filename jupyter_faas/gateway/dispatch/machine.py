"""The machine that instances run on, as far as dispatch shares it out."""

from __future__ import annotations

import os

__all__ = ["memory_share"]


def memory_share(part: int, least: int, most: int) -> int:
    """The ``part``-th part of the machine's memory, but between ``least`` and ``most``; bytes."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(most, max(least, machine // part))
