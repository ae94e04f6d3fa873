"""Locks on disk, by the environment image that was made of them."""

from __future__ import annotations

import secrets
from pathlib import Path

__all__ = ["LockStore"]


class LockStore:
    """A folder of locks named after environment images; what a version runs with, hashes included.

    Not in the manifest: that comes with the bundle, before anything is resolved, and one bundle may be
    resolved again, for another platform or from another index.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, environment_image: str, lock: str) -> None:
        """Keep the lock of an environment image, unless it is kept already."""
        path = self._path(environment_image)
        if not path.exists():
            partial = path.with_suffix(f".{secrets.token_hex(4)}")
            partial.write_text(lock)
            partial.rename(path)

    def forget(self, environment_image: str) -> None:
        """The image is gone, and no version needs its lock."""
        self._path(environment_image).unlink(missing_ok=True)

    def load(self, environment_image: str) -> str | None:
        """The lock of an environment image; ``None`` if it was made before locks were kept."""
        try:
            return self._path(environment_image).read_text()
        except FileNotFoundError:
            return None

    def _path(self, environment_image: str) -> Path:
        return self._folder / f"{environment_image.removeprefix('sha256:')}.txt"
