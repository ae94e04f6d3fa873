"""Builds wheels of packages that have none for the image, in a build container with a compiler.

The container has no network and the code in it is a plain user's: what a build needs besides the source is
resolved and put into it from outside. The compiler's image stands on the same base as the function's, and
nothing of it gets into that but the wheel. Wheels are kept by source and compiler's image.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import parse_qs

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from jupyter_faas.gateway.engines.base import BuildSpec, Engine, Exit, Image, ImageSpec, Log
from jupyter_faas.gateway.images.apt_settings import BUILD_DIR
from jupyter_faas.gateway.images.base import Base
from jupyter_faas.gateway.images.installer import Target, install_requirements
from jupyter_faas.gateway.images.layers import Entry, tree_entries, write_layer
from jupyter_faas.gateway.images.sources import Source, fetch
from jupyter_faas.gateway.images.system import SystemPackages
from jupyter_faas.model.errors import BuildError, InitError, InvocationTimeout
from jupyter_faas.model.units import format_duration

__all__ = ["BuildPlace", "BuiltWheel", "WheelBuilder"]

RECIPE = "1"
"""Part of the keys: raise it when wheels are built otherwise."""
COMPILER = ("g++", "gcc", "git", "libc6-dev", "make", "pkgconf")
"""Debian's build-essential, less what builds Debian's own packages; and git, for versions made of tags."""
BUILDER_LABEL = "jupyter-faas.builder-key"
SCRIPT = Path(__file__).with_name("build_wheel.py")
TOOLS = ("build", "packaging", "pyproject_hooks")
EPOCH_1980 = "315532800"
"""The earliest time that a wheel, a zip file, can hold."""
MISSING = 4
MAX_ROUNDS = 4
LOG_LINES = 40


@dataclass(frozen=True)
class BuiltWheel:
    """A wheel that was built here."""

    file: str
    version: str
    content: bytes


@dataclass(frozen=True)
class BuildPlace:
    """A base image with apt and the system packages to build with: ``apt`` as asked for, and ``locked``, all
    that were installed for them in the function's image."""

    base: Base
    apt: Sequence[str] = ()
    locked: Sequence[str] = ()


class WheelBuilder:
    """Builds wheels at ``engine``; ``directory`` keeps them."""

    def __init__(self, engine: Engine, system: SystemPackages, directory: Path) -> None:
        self._engine = engine
        self._system = system
        self._directory = directory
        self._lock = asyncio.Lock()

    async def wheel(self, source: Source, place: BuildPlace, target: Target, log: Log) -> BuiltWheel:
        """The wheel of ``source``, built in ``place``. Raises ``BuildError``."""
        async with self._lock:
            image = await self._compiler(place, log)
            folder = self._directory / _key(source.url if source.is_repository else source.sha256, image.id)
            if not folder.exists():
                what = f"{source.name} {source.version}".strip()
                log(f"building {what} from source in a build container")
                await self._build(source, image, target, folder)
            return await asyncio.to_thread(_read, folder)

    async def _compiler(self, place: BuildPlace, log: Log) -> Image:
        """The image to build in. What all builds share is below what some have asked for."""
        image = (await self._system.image(place.base.image, COMPILER, log)).image
        if place.base.source == "debian":
            image = await self._with_headers(image)
        if place.apt:
            image = (await self._system.image(image, place.apt, log, place.locked)).image
        return image

    async def _with_headers(self, below: Image) -> Image:
        """``below`` with the headers of the interpreter that the gateway has put on Debian."""
        key = _key(RECIPE, below.id)
        tag = f"jupyter-faas/builder:{key[:12]}"
        image = await self._engine.image(tag)
        if image is not None and image.labels.get(BUILDER_LABEL) == key:
            return image
        with self._working_folder() as name:
            layer = await asyncio.to_thread(write_layer, Path(name, "headers.tar"), list(_headers()))
            return await self._engine.add_layers(below, ImageSpec(tag, [layer], {BUILDER_LABEL: key}))

    async def _build(self, source: Source, image: Image, target: Target, kept: Path) -> None:
        with self._working_folder() as name:
            folder = Path(name)
            archive = await fetch(source, folder)
            needs: list[str] = []
            for _ in range(MAX_ROUNDS):
                ended = await self._run(source, archive, image, folder)
                missing = _missing(folder / "out.tar") if ended.status == MISSING else []
                if not missing or set(missing) <= set(needs):
                    break
                needs += missing
                await _install(source, needs, target, folder)
            if ended.status != 0:
                raise _failed_build(source, ended)
            await asyncio.to_thread(_keep, source, folder / "out.tar", folder / "kept", kept)

    async def _run(self, source: Source, archive: Path, image: Image, folder: Path) -> Exit:
        files = await asyncio.to_thread(write_layer, folder / "files.tar", _files(archive, folder / "env"))
        place, build = f"/{BUILD_DIR}", f"/{BUILD_DIR}/build_wheel.py"
        spec = BuildSpec(
            image=image,
            command=(
                "python3",
                "-s",
                build,
                f"{place}/{archive.name}",
                _subdirectory(source),
                f"{place}/out",
            ),
            files=files.path,
            environment={
                "PATH": f"{place}/env/bin:/usr/local/bin:/usr/bin:/bin",
                "PYTHONPATH": f"{place}/env:{place}/tools",
                "HOME": f"{place}/home",
                "LC_ALL": "C.UTF-8",
                "SOURCE_DATE_EPOCH": EPOCH_1980,
            },
            take=f"{place}/out",
        )
        try:
            ended = await self._engine.run_build(spec, folder / "out.tar")
        except InvocationTimeout as error:
            cap = format_duration(spec.timeout_seconds)
            detail = (
                f"Building {source.name} from source did not end within {cap}. Name a version that has a "
                "wheel: %%publish --require 'name==version'."
            )
            raise _error(detail, "") from error
        except InitError as error:
            raise _error(f"The build container could not be started: {error.detail}", "") from error
        if ended is None:
            raise _error("The engine has no containers to build packages in.", "")
        return ended

    def _working_folder(self) -> tempfile.TemporaryDirectory[str]:
        self._directory.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".building-", dir=self._directory)


def _headers() -> Iterator[Entry]:
    """The C headers of the gateway's interpreter, which the Debian base has, at their own places."""
    folders = {Path(sysconfig.get_path(name)) for name in ("include", "platinclude")}
    folders.add(Path(sysconfig.get_config_h_filename()).parent)
    if not any((folder / "Python.h").is_file() for folder in folders):
        raise _error(
            "A required package has to be built from source, and the C headers of the gateway's interpreter "
            "are not installed where it runs. Install them (on Debian: apt-get install python3-dev).",
            "",
        )
    for folder in sorted(folders):
        yield from tree_entries(folder, str(folder).lstrip("/"))


def _files(archive: Path, environment: Path) -> Iterator[Entry]:
    yield Entry(f"{BUILD_DIR}/build_wheel.py", source=SCRIPT)
    yield Entry(f"{BUILD_DIR}/{archive.name}", source=archive)
    yield Entry(f"{BUILD_DIR}/out", mode=0o777)
    yield Entry(f"{BUILD_DIR}/home", mode=0o777)
    for tool in TOOLS:
        for file in metadata.files(tool) or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                yield Entry(f"{BUILD_DIR}/tools/{file}", source=Path(str(file.locate())))
    for entry in tree_entries(environment, f"{BUILD_DIR}/env"):
        yield _portable(entry)


def _portable(entry: Entry) -> Entry:
    """Scripts that name an interpreter of this machine are made to take the container's."""
    if entry.source is None or f"{BUILD_DIR}/env/bin/" not in entry.path:
        return entry
    content = entry.source.read_bytes()
    if not re.match(rb"#!.*python|#!/bin/sh\n'''exec'", content):
        return entry
    body = re.sub(
        rb"\A#!/bin/sh\n'''exec'.*?\n' '''\n|\A#![^\n]*\n", b"#!/usr/bin/env python3\n", content, flags=re.S
    )
    return Entry(entry.path, content=body, executable=True)


async def _install(source: Source, needs: Sequence[str], target: Target, folder: Path) -> None:
    try:
        await install_requirements(needs, target, folder, folder / "env")
    except BuildError as error:
        raise BuildError(
            f"{source.name} has to be built from source for {target}, and what builds it "
            f"({', '.join(needs)}) could not be installed: {error.detail}",
            **{**error.figures, "without_wheels": []},
        ) from error


def _subdirectory(source: Source) -> str:
    return parse_qs(source.url.partition("#")[2]).get("subdirectory", [""])[0]


def _missing(output: Path) -> list[str]:
    """What the build asked for; written by code that isn't trusted, and only ever handed to uv as a
    requirement."""
    with tarfile.open(output, "r:") as archive:
        try:
            stream = archive.extractfile("out/missing.json")
            found = json.loads(stream.read(100_000)) if stream is not None else []
        except (KeyError, ValueError):
            return []
    return [
        one for one in found if isinstance(one, str) and re.match(r"[A-Za-z0-9]", one) and "\n" not in one
    ]


def _keep(source: Source, output: Path, written: Path, kept: Path) -> None:
    """Take the wheel that was built, if it is one of ``source``, and keep it whole or not at all."""
    with tarfile.open(output, "r:") as archive:
        wheels = [member for member in archive if member.isreg() and member.name.endswith(".whl")]
        stream = archive.extractfile(wheels[0]) if len(wheels) == 1 else None
        name = wheels[0].name.rpartition("/")[2] if wheels else ""
        content = stream.read() if stream is not None else b""
    try:
        distribution, version, *_ = parse_wheel_filename(name)
    except InvalidWheelFilename:
        distribution, version = canonicalize_name(""), None
    if distribution != canonicalize_name(source.name) or source.version not in ("", str(version)):
        raise _error(f"Building {source.name} {source.version} gave {name or 'no wheel'} instead.", "")
    written.mkdir()
    (written / name).write_bytes(content)
    written.replace(kept)


def _read(folder: Path) -> BuiltWheel:
    (file,) = folder.glob("*.whl")
    return BuiltWheel(file.name, str(parse_wheel_filename(file.name)[1]), file.read_bytes())


def _failed_build(source: Source, ended: Exit) -> BuildError:
    said = re.findall(r"^.*\b(?:fatal )?error: .*$|^\w*(?:Error|Exception): .*$", ended.output, re.M)
    reason = f": {said[0].strip()[:300]}" if said else f" (status {ended.status})"
    if ended.out_of_memory:
        reason = ": it ran out of memory"
    return _error(
        f"{source.name} has to be built from source, and its build failed{reason}. If a header or a library "
        "is missing, name Debian's package of it: %%publish --apt libNAME-dev. Or take a version that "
        "has a ready-made build: %%publish --require 'name==version'. The log has the compiler's last lines.",
        ended.output,
    )


def _error(detail: str, output: str) -> BuildError:
    return BuildError(detail, step="environment", log=output.splitlines()[-LOG_LINES:])


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join((RECIPE, *parts)).encode()).hexdigest()
