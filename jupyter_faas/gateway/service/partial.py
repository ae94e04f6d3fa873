"""Notebooks as far as they ran, of calls in which a cell failed."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Final

__all__ = ["PartialNotebooks"]

MAX_KEPT: Final = 100
MAX_KEPT_BYTES: Final = 500 * 10**6


class PartialNotebooks:
    """A folder of notebooks named after invocations; the oldest go when there are too many.

    They hold what a call computed, and are therefore as private as the log: for those with the token only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def save(self, invocation: str, content: bytes) -> None:
        """Keep the notebook of an invocation; raises ``OSError``."""
        partial = self._folder / f".{secrets.token_hex(8)}"
        partial.write_bytes(content)
        partial.rename(self._path(invocation))
        self._trim()

    def load(self, invocation: str) -> bytes | None:
        """The notebook of an invocation; ``None`` if none was kept, or is any more."""
        if not re.fullmatch(r"[0-9a-f]+", invocation):
            return None
        try:
            return self._path(invocation).read_bytes()
        except FileNotFoundError:
            return None

    def _trim(self) -> None:
        kept = sorted(((path.stat().st_mtime, path) for path in self._folder.glob("*.ipynb")), reverse=True)
        size = 0
        for count, (_, path) in enumerate(kept):
            size += path.stat().st_size
            if count and (count >= MAX_KEPT or size > MAX_KEPT_BYTES):
                path.unlink(missing_ok=True)

    def _path(self, invocation: str) -> Path:
        return self._folder / f"{invocation}.ipynb"
