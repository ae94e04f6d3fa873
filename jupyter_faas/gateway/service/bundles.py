"""Bundles on disk, by digest."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import tarfile
import time
from collections.abc import Collection
from pathlib import Path

from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.errors import MalformedRequest, NotFound
from jupyter_faas.model.manifest import MANIFEST_FILE

__all__ = ["BundleStore"]

TEXTS = (".py", ".ipynb", ".md", ".txt", ".json", ".toml", ".yaml", ".yml", ".sql", ".csv", ".R")
MAX_TEXT_BYTES = 1_000_000
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class BundleStore:
    """A folder of archives named after their SHA-256.

    Bundles with data in them are large: hashing, writing and reading them is done beside the event loop.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, digest: str) -> bool:
        """Whether this bundle was uploaded before; whoever asks is about to publish it, so that it is kept
        for a while."""
        try:
            os.utime(self._path(digest))
        except FileNotFoundError:
            return False
        return True

    def unneeded(self, needed: Collection[str], seconds: float) -> list[tuple[str, int]]:
        """The bundles that aren't among those ``needed``, and were uploaded more than ``seconds`` ago, with
        their sizes; and what an upload that was broken off has left."""
        before = time.time() - seconds
        found = []
        for path in self._folder.iterdir():
            stat = path.stat()
            if f"sha256:{path.stem}" not in needed and stat.st_mtime < before:
                found.append((path.name, stat.st_size))
        return found

    def forget(self, name: str) -> None:
        """Remove a file that ``unneeded`` has named."""
        (self._folder / name).unlink(missing_ok=True)

    async def save(self, digest: str, content: bytes) -> None:
        """Keep a bundle; raises ``MalformedRequest`` if it is none, or not the one with this digest."""
        await asyncio.to_thread(self._save, digest, content)

    async def load(self, digest: str) -> Bundle:
        """Read a bundle; raises ``NotFound`` if it was never uploaded."""
        return await asyncio.to_thread(self._load, digest)

    async def contents(self, digest: str) -> tuple[dict[str, str], dict[str, str]]:
        """The files of a bundle, each with a text that changes with its content, and those that are texts.

        Raises ``NotFound`` if it isn't there.
        """
        return await asyncio.to_thread(self._contents, digest)

    def _contents(self, digest: str) -> tuple[dict[str, str], dict[str, str]]:
        found: dict[str, str] = {}
        texts: dict[str, str] = {}
        try:
            with tarfile.open(self._path(digest), "r:") as archive:
                for member in archive:
                    stream = archive.extractfile(member)
                    if stream is None or member.name == MANIFEST_FILE:
                        continue
                    found[member.name] = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
                    if member.name.endswith(TEXTS) and member.size <= MAX_TEXT_BYTES:
                        stream.seek(0)
                        texts[member.name] = stream.read().decode("utf-8", "replace")
        except FileNotFoundError:
            raise NotFound(f"There is no bundle {digest}.") from None
        return found, texts

    def _save(self, digest: str, content: bytes) -> None:
        if digest_of(content) != digest:
            raise MalformedRequest(f"The body's digest is {digest_of(content)}, not {digest}.")
        Bundle.unpack(content)
        path = self._path(digest)
        partial = path.with_suffix(f".{secrets.token_hex(4)}")
        partial.write_bytes(content)
        partial.rename(path)

    def _load(self, digest: str) -> Bundle:
        try:
            return Bundle.unpack(self._path(digest).read_bytes())
        except FileNotFoundError:
            raise NotFound(f"There is no bundle {digest}. Upload it first.") from None

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise MalformedRequest(f"{digest[:100]!r} is not a digest. It is written sha256:<64 hex digits>.")
        return self._folder / f"{digest.removeprefix('sha256:')}.tar"
