"""System packages: Debian packages that apt installs in a build container, as one layer over a base."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import json
import re
import secrets
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_faas.gateway.engines.base import BuildSpec, Engine, Exit, Image, ImageSpec, Layer, Log
from jupyter_faas.gateway.images.apt_settings import BUILD_DIR, build_variables, settings
from jupyter_faas.gateway.images.layers import Entry, write_layer
from jupyter_faas.gateway.images.lock_text import LOCK_FILE, apt_lines
from jupyter_faas.gateway.images.system_layer import archive_members, file_member, write_members
from jupyter_faas.model.errors import BuildError, InitError, InvocationTimeout
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["SystemImage", "SystemPackages"]

RECIPE = "1"
"""Part of the keys: raise it when the layer is made otherwise."""
KEPT_SECONDS = 24 * 3600.0
"""How long versions are remembered that may be others when they are asked for again."""
SYSTEM_LABEL = "jupyter-faas.system-key"
SCRIPT = Path(__file__).with_name("apt_install.sh")
NOT_TO_BE_HAD = 3
LOG_LINES = 40
"""Lines of apt's output that an error shows."""


@dataclass(frozen=True)
class SystemImage:
    """An image with system packages, and all that were installed for them, as sorted ``name=version``."""

    image: Image
    packages: tuple[str, ...]


class SystemPackages:
    """Makes images with system packages. ``directory`` remembers which versions a name meant."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self._directory = directory
        self._lock = asyncio.Lock()

    async def image(
        self, base: Image, names: Sequence[str], log: Log, locked: Sequence[str] | None = None
    ) -> SystemImage:
        """``base`` with the packages ``names``, at the versions ``locked`` (all that were installed for them)
        if given. One is made at a time. Raises ``BuildError`` saying what to do.
        """
        async with self._lock:
            note = self._directory / f"{_key(base.id, *sorted(names))}.json"
            packages = tuple(locked) if locked is not None else _remembered(note)
            if packages is not None:
                image = await self._engine.image(_tag(base, packages))
                if image is not None and image.labels.get(SYSTEM_LABEL) == _content_key(base, packages):
                    return SystemImage(image, packages)
            made = await self._make(base, packages or tuple(sorted(names)), names, log)
            _remember(note, made.packages)
            return made

    async def _make(self, base: Image, wanted: Sequence[str], names: Sequence[str], log: Log) -> SystemImage:
        log(f"installing the system packages {', '.join(names)} in a build container")
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=self._directory) as name:
            folder = Path(name)
            changes = folder / "changes.tar"
            ended = await self._run(base, wanted, folder, changes)
            if ended.status != 0:
                raise await asyncio.to_thread(_explained, ended, changes, names, wanted)
            layer, packages = await asyncio.to_thread(_layer, changes, folder)
            log(f"system layer: {format_size(layer.size)}, {len(packages)} Debian packages")
            spec = ImageSpec(_tag(base, packages), [layer], {SYSTEM_LABEL: _content_key(base, packages)})
            return SystemImage(await self._engine.add_layers(base, spec), packages)

    async def _run(self, base: Image, wanted: Sequence[str], folder: Path, changes: Path) -> Exit:
        script = Entry(f"{BUILD_DIR}/install.sh", source=SCRIPT)
        files = await asyncio.to_thread(write_layer, folder / "files.tar", [*settings(), script])
        spec = BuildSpec(
            image=base,
            command=("/bin/sh", f"/{BUILD_DIR}/install.sh", *wanted),
            files=files.path,
            environment=build_variables(),
            root=True,
            network=True,
        )
        try:
            ended = await self._engine.run_build(spec, changes)
        except InvocationTimeout as error:
            raise _failed(
                f"Installing {', '.join(wanted)} did not end within {format_duration(spec.timeout_seconds)}. "
                "Publish again, or have the gateway use faster sources (/etc/apt where it runs).",
                "",
            ) from error
        except InitError as error:
            raise _failed(f"The build container could not be started: {error.detail}", "") from error
        if ended is None:
            raise _failed("The engine has no containers to install system packages in.", "")
        return ended


def _layer(changes: Path, folder: Path) -> tuple[Layer, tuple[str, ...]]:
    with tarfile.open(changes, "r:") as archive:
        before, after = (set(_lines(archive, name)) for name in ("before", "after"))
        packages = tuple(sorted(after - before))
        lock = folder / "lock"
        lock.write_text(apt_lines(packages))
        members = [*archive_members(archive), file_member(LOCK_FILE, lock)]
        return write_members(folder / "system.tar", members), packages


def _lines(archive: tarfile.TarFile, name: str) -> list[str]:
    try:
        stream = archive.extractfile(f"{BUILD_DIR}/out/{name}")
    except KeyError:
        return []
    return stream.read().decode("utf-8", "replace").split() if stream is not None else []


def _explained(ended: Exit, changes: Path, names: Sequence[str], wanted: Sequence[str]) -> BuildError:
    """What apt printed, as a sentence for whoever publishes a cell."""
    unknown = _unknown(ended.output)
    if ended.status == NOT_TO_BE_HAD and unknown:
        if tuple(wanted) != tuple(sorted(names)):
            return _failed(
                f"Debian's sources no longer have {', '.join(unknown)}. Publish the function again: it then "
                "gets the versions that they have now.",
                ended.output,
            )
        with tarfile.open(changes, "r:") as archive:
            known = _lines(archive, "names")
        return _failed(" ".join(_unknown_in_words(one, known) for one in unknown), ended.output)
    reasons = [line.removeprefix("E: ") for line in ended.output.splitlines() if line.startswith("E: ")]
    reason = " ".join(reasons) or f"apt-get ended with status {ended.status}"
    if ended.out_of_memory:
        reason = "it ran out of memory"
    if re.search(
        r"Could not (?:resolve|connect)|Temporary failure|Unable to connect|Failed to fetch", ended.output
    ):
        return _failed(
            f"Debian's sources could not be reached from a build container: {reason}. Check the network, the "
            "proxy and the sources in apt's configuration where the gateway runs (/etc/apt).",
            ended.output,
        )
    return _failed(
        f"{', '.join(names)} could not be installed by apt: {reason}. The log has its output.", ended.output
    )


def _unknown(output: str) -> list[str]:
    """The packages that apt says it can't find, or not in this version."""
    found = re.findall(
        r"^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate"
        r"|Version '(\S+)' for '(\S+)' was not found)",
        output,
        re.M,
    )
    return list(dict.fromkeys(a or b or f"{name}={version}" for a, b, version, name in found))


def _unknown_in_words(name: str, known: Sequence[str]) -> str:
    if "=" in name:
        bare, _, version = name.partition("=")
        return (
            f"--apt {name}: Debian's sources don't have {bare} in version {version}. Leave the version out: "
            f"--apt {bare}."
        )
    nearest = difflib.get_close_matches(name, known, n=3)
    advice = (
        f"Did you mean {' or '.join(nearest)}?" if nearest else "Look it up with 'apt-cache search WORD'."
    )
    return f"--apt {name}: Debian's sources have no package of this name. {advice}"


def _failed(detail: str, output: str) -> BuildError:
    return BuildError(detail, step="environment", log=output.splitlines()[-LOG_LINES:])


def _remembered(note: Path) -> tuple[str, ...] | None:
    try:
        if time.time() - note.stat().st_mtime > KEPT_SECONDS:
            return None
        return tuple(json.loads(note.read_text()))
    except (OSError, ValueError):
        return None


def _remember(note: Path, packages: Sequence[str]) -> None:
    written = note.with_suffix(f".{secrets.token_hex(4)}")
    written.write_text(json.dumps(packages))
    written.replace(note)


def _tag(base: Image, packages: Sequence[str]) -> str:
    return f"jupyter-faas/system:{_content_key(base, packages)[:12]}"


def _content_key(base: Image, packages: Sequence[str]) -> str:
    return _key(RECIPE, base.id, *packages)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
