"""The bundle: the deterministic archive that a kernel hands to the gateway.

An uncompressed tar (POSIX.1-2001) with sorted members, time 0, owner 0 and mode 0644, so that the same
content has the same bytes and the same digest wherever and whenever it is packed.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, cast

import pydantic

from jupyter_faas.model.errors import MalformedRequest
from jupyter_faas.model.manifest import HANDLER_FILE, MANIFEST_FILE, Manifest, Origin

__all__ = ["MAX_BUNDLE_BYTES", "MAX_MEMBERS", "Bundle", "digest_of", "pack_files"]

MAX_MEMBERS = 10_000
MAX_BUNDLE_BYTES = 512 * 10**6
"""The largest archive that a gateway takes."""


def digest_of(content: bytes) -> str:
    """The SHA-256 of ``content`` as ``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """A deterministic tar of ``files`` (relative path → content)."""
    buffer = io.BytesIO()
    _write_files(files, buffer)
    return buffer.getvalue()


def _write_files(files: Mapping[str, bytes], stream: IO[bytes]) -> None:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(files):
            member = tarfile.TarInfo(path)
            member.size = len(files[path])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[path]))


class _Measure:
    """Takes an archive without keeping it: frozen values may be large."""

    def __init__(self) -> None:
        self.size = 0
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size


@dataclass(frozen=True)
class Bundle:
    """A function on its way to the gateway: its manifest and its files (``handler.py`` at least)."""

    manifest: Manifest
    files: Mapping[str, bytes] = field(repr=False)

    def pack(self) -> bytes:
        """The archive; equal bundles give equal bytes."""
        return pack_files({**self.files, MANIFEST_FILE: _canonical(self.manifest)})

    @property
    def identity(self) -> str:
        """Digest of what the function *is*: origin and cell labels left out, so that running a cell again
        without a change gives the identity it had."""
        manifest = self.manifest.model_copy(
            update={
                "origin": Origin(),
                "segments": tuple(s.model_copy(update={"cell": ""}) for s in self.manifest.segments),
            }
        )
        return "sha256:" + _measured({**self.files, MANIFEST_FILE: _canonical(manifest)}).hash.hexdigest()

    @property
    def packed_bytes(self) -> int:
        """Size of the archive, which isn't made for that."""
        return _measured({**self.files, MANIFEST_FILE: _canonical(self.manifest)}).size

    @property
    def wheels(self) -> dict[str, bytes]:
        """The files that requirements are installed from; they are of no use to the handler."""
        return {wheel: self.files[wheel] for wheel in self.manifest.wheels}

    @classmethod
    def unpack(cls, content: bytes) -> Bundle:
        """Read an archive from an untrusted sender.

        Raises ``MalformedRequest`` for anything but a tar of regular files with safe relative paths, a
        valid manifest, a handler and the wheels that the manifest names.
        """
        try:
            files = _read_members(content)
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            raise MalformedRequest(f"The bundle is not a readable tar archive: {error}.") from error
        for required in (MANIFEST_FILE, HANDLER_FILE):
            if required not in files:
                raise MalformedRequest(f"The bundle has no {required}.")
        try:
            manifest = Manifest.model_validate_json(files.pop(MANIFEST_FILE))
        except pydantic.ValidationError as error:
            raise MalformedRequest(f"The bundle's {MANIFEST_FILE} is not valid: {_faults(error)}.") from error
        for wheel, digest in manifest.wheels.items():
            if wheel not in files or digest_of(files[wheel]) != digest:
                raise MalformedRequest(f"The bundle has no {wheel} with the digest {digest}.")
        named = [*manifest.files, *(value.file for value in manifest.values)]
        named += [manifest.notebook.file] if manifest.notebook is not None else []
        for path in named:
            if path not in files:
                raise MalformedRequest(f"The bundle's {MANIFEST_FILE} names {path[:200]!r}, which it hasn't.")
        return cls(manifest, files)


def _measured(files: Mapping[str, bytes]) -> _Measure:
    measure = _Measure()
    _write_files(files, cast("IO[bytes]", measure))
    return measure


def _canonical(manifest: Manifest) -> bytes:
    # Fields come in the order of the model, parameters in that of the signature: both say the same each time.
    return json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1).encode()


def _read_members(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if not member.isreg() or path.is_absolute() or ".." in path.parts or not path.parts:
                raise MalformedRequest(
                    f"The bundle's member {member.name[:200]!r} is not a regular file with a relative path."
                )
            if len(files) >= MAX_MEMBERS:
                raise MalformedRequest(f"The bundle has more than {MAX_MEMBERS} files.")
            extracted = archive.extractfile(member)
            files[str(path)] = extracted.read() if extracted else b""
    return files


def _faults(error: pydantic.ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'manifest'}: {fault['msg']}"
        for fault in error.errors()
    )
