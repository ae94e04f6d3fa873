"""Packages without a wheel for the image, in locks and in what is installed: a source there, a wheel here."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

from jupyter_faas.gateway.images.installer import Target, resolve
from jupyter_faas.gateway.images.lock_text import as_source, sources_in
from jupyter_faas.gateway.images.sources import Source, find_source, pinned, repository
from jupyter_faas.gateway.images.wheel_builder import BuiltWheel
from jupyter_faas.model.errors import BuildError

__all__ = ["SourceBuilds"]


@dataclass(frozen=True)
class SourceBuilds:
    """Has wheels made by ``build`` where ``target`` has none; without ``build``, uv builds by itself."""

    target: Target
    build: Callable[[Source], Awaitable[BuiltWheel]] | None = None

    async def lock(
        self,
        requirements: Sequence[str],
        constraints: Sequence[str],
        folder: Path,
        wheels: Mapping[str, bytes],
    ) -> str:
        """The lock of ``requirements``. What is built from source is in it as that source, with its hash: a
        wheel that is built again has other bytes. Raises ``BuildError``."""
        if self.build is None:
            return await resolve(requirements, constraints, self.target, folder, wheels)
        built: dict[str, tuple[Source, BuiltWheel]] = {}
        wanted = []
        for text in requirements:
            source = repository(text)
            if source is not None:
                source = await pinned(source)
                built[source.name] = (source, await self.build(source))
                text = _at_version(text, built[source.name][1].version)
            wanted.append(text)
        while True:
            made = {f"wheels/{wheel.file}": wheel.content for _, wheel in built.values()}
            try:
                lock = await resolve(wanted, constraints, self.target, folder, {**wheels, **made})
                break
            except BuildError as error:
                names = [name for name in error.figures.get("without_wheels", []) if name not in built]
                if not names:
                    raise
            for name in names:
                source = await find_source(name, wanted, constraints, self.target, folder)
                built[name] = (source, await self.build(source))
        for source, wheel in built.values():
            lock = as_source(lock, wheel.file, source, wheel.version)
        return lock

    async def installable(
        self, lock: str, folder: Path, wheels: Mapping[str, bytes]
    ) -> tuple[str, Mapping[str, bytes]]:
        """``lock`` and ``wheels`` with a wheel in place of each source. Raises ``BuildError``."""
        if self.build is None:
            return lock, wheels
        made = dict(wheels)
        for lines, locked in sources_in(lock):
            source = locked
            if not source.is_repository:
                pin = f"{source.name}=={source.version}"
                found = await find_source(source.name, [pin], [], self.target, folder)
                source = replace(found, sha256=source.sha256)
            wheel = await self.build(source)
            digest = hashlib.sha256(wheel.content).hexdigest()
            lock = lock.replace(lines, f"./wheels/{wheel.file} \\\n    --hash=sha256:{digest}\n")
            made[f"wheels/{wheel.file}"] = wheel.content
        return lock, made


def _at_version(text: str, version: str) -> str:
    requirement = Requirement(text)
    requirement.url = None
    requirement.specifier &= f"=={version}"
    return str(requirement)
