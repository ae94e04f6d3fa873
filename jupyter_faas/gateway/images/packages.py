"""Locks and the packages layer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import parse_wheel_filename

from jupyter_faas.gateway.engines.base import Layer, Log
from jupyter_faas.gateway.images.compiled import CompiledPackages
from jupyter_faas.gateway.images.indexes import has_credentials, redacted, uv_environment
from jupyter_faas.gateway.images.installer import Target, install
from jupyter_faas.gateway.images.layers import APP_DIR, Entry, tree_entries, write_layer
from jupyter_faas.gateway.images.lock_text import LOCK_FILE
from jupyter_faas.gateway.images.source_builds import SourceBuilds
from jupyter_faas.model.bundle import digest_of
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.requirements import is_pinned

__all__ = ["PACKAGES_RECIPE", "LockCache", "locked_packages", "packages_layer"]

PACKAGES_DIR = f"{APP_DIR}/packages"
PACKAGES_RECIPE = "3"
"""Part of the images' keys: raise it when the layer is made otherwise."""
UNPINNED_SECONDS = 24 * 3600.0
"""How long a lock is kept that may be another when it is made again."""
_INDEX_VARIABLES = re.compile(r"^UV_|^SSL_CERT_FILE$")
_MACHINE_FILES = ("direct_url.json", "uv_cache.json", "uv_build.json")
"""Installer's notes that name paths and times of this machine."""


class LockCache:
    """Resolves requirements, and remembers the locks on disk by all that they depend on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def lock(
        self,
        requirements: Sequence[str],
        constraints: Sequence[str],
        target: Target,
        log: Log,
        wheels: Mapping[str, bytes] | None = None,
        builds: SourceBuilds | None = None,
    ) -> str:
        """The lock of ``requirements``, some of them to be installed from ``wheels`` (relative path →
        content), some to be built by ``builds``. If all are pinned it is kept for good, else for a day.

        Raises ``BuildError``, also for passwords in a requirement.
        """
        wheels = wheels or {}
        parsed = [_parsed(requirement) for requirement in (*requirements, *constraints)]
        for requirement in (*requirements, *constraints):
            if has_credentials(requirement):
                raise BuildError(
                    f"The requirement {redacted(requirement)!r} holds a password, which would end up in the "
                    "image. Put it into pip's or uv's configuration or ~/.netrc instead.",
                    step="environment",
                    log=[],
                )
        path = self._directory / f"{_lock_key(requirements, constraints, target, wheels)}.txt"
        if _is_fresh(path, all(map(is_pinned, parsed[: len(requirements)]))):
            return path.read_text()
        log(f"resolving {len(requirements)} requirements for {target}")
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".resolving-", dir=self._directory) as folder:
            builds = builds or SourceBuilds(target)
            lock = redacted(await builds.lock(requirements, constraints, Path(folder), wheels))
            _keep(lock, Path(folder, "lock"), path)
        return lock


def _is_fresh(path: Path, pinned: bool) -> bool:
    try:
        return time.time() - path.stat().st_mtime < (math.inf if pinned else UNPINNED_SECONDS)
    except FileNotFoundError:
        return False


def _parsed(text: str) -> Requirement:
    """A requirement of a bundle's manifest; uv would take options and includes in its place as well."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise BuildError(
            f"{redacted(text)[:200]!r} is not a requirement (PEP 508). Publish it as a name with a version.",
            step="environment",
            log=[],
        ) from error


def _keep(lock: str, written: Path, path: Path) -> None:
    """Write a lock so that other processes see it whole or not at all."""
    written.write_text(lock)
    written.replace(path)


def locked_packages(lock: str) -> tuple[str, ...]:
    """The packages of a lock as ``name==version``, sorted."""
    found = re.findall(r"^([A-Za-z0-9][^\s;\\]*(?: @ [^\s;\\]+)?)", lock, re.M)
    wheels = re.findall(r"^\./wheels/([^\s;\\\[]+)", lock, re.M)
    return tuple(sorted([*found, *map(_wheel_in_words, wheels)]))


def _wheel_in_words(name: str) -> str:
    distribution, version, *_ = parse_wheel_filename(name)
    return f"{distribution}=={version}"


async def packages_layer(
    lock: str,
    target: Target,
    folder: Path,
    log: Log,
    wheels: Mapping[str, bytes] | None,
    builds: SourceBuilds,
    compiled: CompiledPackages,
) -> Layer:
    """Install ``lock`` and write it as a layer in ``folder``, with byte code. Raises ``BuildError``."""
    destination = folder / "packages"
    installable, files = await builds.installable(lock, folder, wheels or {})
    await install(installable, files, target, folder, destination, log)
    return await asyncio.to_thread(_write, destination, lock, target, folder, compiled)


def _write(installed: Path, lock: str, target: Target, folder: Path, compiled: CompiledPackages) -> Layer:
    entries = [Entry(LOCK_FILE, content=lock.encode()), *_entries(installed)]
    if target.same_minor:
        entries += compiled.entries(filter(_is_worth_compiling, list(entries)))
    return write_layer(folder / "packages.tar", entries)


def _entries(installed: Path) -> Iterator[Entry]:
    """What was installed, less what is of this machine: scripts (they name its interpreter) and notes."""
    for entry in tree_entries(installed, PACKAGES_DIR):
        inside = entry.path.removeprefix(PACKAGES_DIR + "/")
        name = inside.rpartition("/")[2]
        if inside.startswith("bin/") or inside == ".lock" or "__pycache__" in inside:
            continue
        if ".dist-info/" in inside and name in _MACHINE_FILES:
            continue
        if inside.endswith(".dist-info/RECORD") and entry.source is not None:
            yield Entry(entry.path, content=_portable_record(entry.source.read_text()))
        else:
            yield entry


def _portable_record(record: str) -> bytes:
    lines = record.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("bin/", "../")) and not _names_note(line)]
    return "".join(sorted(kept)).encode()


def _names_note(line: str) -> bool:
    return line.split(",")[0].endswith(_MACHINE_FILES)


def _is_worth_compiling(entry: Entry) -> bool:
    return entry.source is not None and entry.path.endswith(".py") and "/tests/" not in entry.path


def _lock_key(
    requirements: Sequence[str], constraints: Sequence[str], target: Target, wheels: Mapping[str, bytes]
) -> str:
    settings = {
        name: redacted(value)
        for name, value in uv_environment(os.environ).items()
        if _INDEX_VARIABLES.match(name)
    }
    facts = [
        sorted(requirements),
        sorted(constraints),
        [target.python, target.platform, target.host_base, target.native, target.builds],
        settings,
        *sorted([path, digest_of(content)] for path, content in wheels.items()),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
