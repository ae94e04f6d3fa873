"""Makes the image of a function: an environment, shared by all functions with the same lock, and a layer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from jupyter_faas.gateway.engines.base import Engine, Image, ImageSpec, Layer, Log
from jupyter_faas.gateway.images.base import PYTHON_LABEL, Base, BaseImages
from jupyter_faas.gateway.images.compiled import CompiledPackages
from jupyter_faas.gateway.images.installer import Target
from jupyter_faas.gateway.images.layers import function_layer
from jupyter_faas.gateway.images.lock_text import joined, parted
from jupyter_faas.gateway.images.packages import PACKAGES_RECIPE, LockCache, locked_packages, packages_layer
from jupyter_faas.gateway.images.runtime import ENTRYPOINT, kept_runtime_layer, runtime_digest
from jupyter_faas.gateway.images.source_builds import SourceBuilds
from jupyter_faas.gateway.images.sources import Source
from jupyter_faas.gateway.images.system import SystemPackages
from jupyter_faas.gateway.images.wheel_builder import BuildPlace, BuiltWheel, WheelBuilder
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.units import format_size

__all__ = ["Environment", "FunctionImage", "ImageBuilder"]

USER = "10001:10001"
WORKING_DIR = "/tmp"  # noqa: S108 - in the sandbox, the only place that can be written to
OCI = "org.opencontainers.image."
OURS = "jupyter-faas."
LARGE_BYTES = 100 * 10**6
"""From this size on, system packages are warned of."""
PACKAGES_LABEL = "jupyter-faas.packages-key"

T = TypeVar("T")


@dataclass(frozen=True)
class Environment:
    """An environment image and what is in it."""

    image: Image
    tag: str
    lock: str
    packages: tuple[str, ...]
    """All installed packages as ``name==version``, sorted."""
    reused: bool
    """Whether the image was there before."""
    key: str
    """``sha256:<hex>`` over all that determines the content."""
    python: str
    base: str
    """The reference of the base image; empty where the engine supplies it."""


@dataclass(frozen=True)
class FunctionImage:
    """The image of one version of a function."""

    image: Image
    tag: str
    digest: str
    """The image's id at the engine, ``sha256:<hex>``; what a version is identified by."""
    layer_bytes: int
    """Size of the layer that this version adds, as a tar."""


class ImageBuilder:
    """Makes images at ``engine``.

    ``cache_dir`` keeps resolved locks, built wheels and, while they are made, layers. ``base_image`` is a
    reference to use instead of looking for one. ``build_on_host`` has packages without a wheel built by this
    process's user instead of in a container. Methods raise ``BuildError`` and ``EngineUnavailable``.
    """

    def __init__(
        self, engine: Engine, cache_dir: Path, base_image: str = "", build_on_host: bool = False
    ) -> None:
        self._engine = engine
        self._work_dir = cache_dir / "layers"
        self._bases = BaseImages(engine, self._work_dir, base_image)
        self._system = SystemPackages(engine, cache_dir / "system")
        self._wheels = WheelBuilder(engine, self._system, cache_dir / "wheels")
        self._build_on_host = build_on_host
        self._locks = LockCache(cache_dir / "locks")
        self._compiled = CompiledPackages(cache_dir / "bytecode")
        self._runtime_dir = cache_dir / "runtime"
        self._building: dict[str, asyncio.Task[Image]] = {}
        self._platform = ""

    async def environment(
        self,
        python: str,
        requirements: Sequence[str],
        constraints: Sequence[str],
        log: Log,
        wheels: Mapping[str, bytes] | None = None,
        apt: Sequence[str] = (),
        kept: str | None = None,
    ) -> Environment:
        """The environment image for a Python minor and its packages; made if it isn't there yet.

        ``wheels`` (path in the bundle → content) are installed instead of what an index has of their name;
        ``apt`` names Debian packages. ``kept`` is the lock to follow instead of making one.

        Simultaneous calls for the same environment make it once.
        """
        system, lock = parted(kept) if kept is not None else (None, "")
        place, base = await self._base(python, apt, system, log)
        target = Target(
            python, await self._engine_platform(), host_base=base.of_host, builds=self._builds_here(base)
        )
        builds = SourceBuilds(target, None if target.builds else self._in_container(place, target, log))
        if requirements and kept is None:
            lock = await self._locks.lock(requirements, constraints, target, log, wheels, builds)
        lock = joined(place.locked, lock)
        key = _key(base.image.id, _contents(lock), runtime_digest(), target.platform, python)
        tag = f"jupyter-faas/environment:{key[:12]}"
        image = await self._engine.image(tag)
        reused = image is not None and image.labels.get(OURS + "environment") == key
        if image is None or not reused:
            image = await self._single(
                key, lambda: self._make_environment(base, builds, lock, wheels, key, tag, log)
            )
        return Environment(
            image=image,
            tag=tag,
            lock=lock,
            packages=locked_packages(lock),
            reused=reused,
            key=f"sha256:{key}",
            python=python,
            base=base.reference,
        )

    async def function(self, bundle: Bundle, environment: Environment, log: Log) -> FunctionImage:
        """The image of ``bundle`` on its environment. The same content gives the same image."""
        labels = _function_labels(bundle, environment)
        async with self._working_folder() as folder:
            layer = await asyncio.to_thread(function_layer, bundle, folder / "function.tar")
            tag = _function_tag(bundle.manifest.name, layer, environment, labels)
            image = await self._engine.add_layers(environment.image, _spec(tag, [layer], labels))
        log(f"{tag}: {layer.size} bytes on {environment.tag}")
        return FunctionImage(image=image, tag=tag, digest=image.id, layer_bytes=layer.size)

    async def _base(
        self, python: str, apt: Sequence[str], locked: Sequence[str] | None, log: Log
    ) -> tuple[BuildPlace, Base]:
        """The base, as it is and with the system packages ``apt``, at the versions ``locked`` if given."""
        base = await self._bases.resolve(python, log, bool(apt))
        if not apt:
            return BuildPlace(base), base
        system = await self._system.image(base.image, apt, log, locked)
        added = system.image.size - base.image.size
        if added > LARGE_BYTES:
            log(f"warning: {', '.join(apt)} and what they need add {format_size(added)} to the image")
        return BuildPlace(base, apt, system.packages), replace(base, image=system.image)

    def _builds_here(self, base: Base) -> bool:
        """Whether packages without a wheel are built by the gateway itself, for want of containers."""
        return self._build_on_host or base.source == "engine"

    def _in_container(
        self, place: BuildPlace, target: Target, log: Log
    ) -> Callable[[Source], Awaitable[BuiltWheel]]:
        """What builds a wheel for images like ``place``. The Debian that it needs is only looked for then."""

        async def build(source: Source) -> BuiltWheel:
            try:
                base = await self._bases.resolve(target.python, log, apt=True)
            except BuildError as error:
                raise BuildError(
                    f"{source.name} has to be built from source, in a build container on Debian. "
                    f"{error.detail} Or have the gateway's own user build it: set its build_on_host.",
                    **error.figures,
                ) from error
            return await self._wheels.wheel(source, replace(place, base=base), target, log)

        return build

    async def _make_environment(
        self,
        base: Base,
        builds: SourceBuilds,
        lock: str,
        wheels: Mapping[str, bytes] | None,
        key: str,
        tag: str,
        log: Log,
    ) -> Image:
        python = builds.target.python
        layer = await asyncio.to_thread(kept_runtime_layer, python, self._runtime_dir)
        below = base.image
        if locked_packages(lock):
            below = await self._with_packages(below, builds, lock, wheels, log)
        labels = {
            OURS + "environment": key,
            PYTHON_LABEL: python,
            OURS + "packages": " ".join(locked_packages(lock)),
            OCI + "base.name": base.reference,
        }
        return await self._engine.add_layers(below, _spec(tag, [layer], labels))

    async def _with_packages(
        self, base: Image, builds: SourceBuilds, lock: str, wheels: Mapping[str, bytes] | None, log: Log
    ) -> Image:
        """``base`` with the packages of ``lock``: an image of its own, so that a new runtime reuses it."""
        target = builds.target
        key = _key(base.id, _contents(lock), target.platform, target.python)
        tag = f"jupyter-faas/packages:{key[:12]}"
        image = await self._engine.image(tag)
        if image is not None and image.labels.get(PACKAGES_LABEL) == key:
            return image
        async with self._working_folder() as folder:
            layer = await packages_layer(lock, target, folder, log, wheels, builds, self._compiled)
            log(f"packages layer: {layer.size / 1e6:.1f} MB")
            return await self._engine.add_layers(base, ImageSpec(tag, [layer], {PACKAGES_LABEL: key}))

    @asynccontextmanager
    async def _working_folder(self) -> AsyncIterator[Path]:
        """A folder that is removed behind the scenes: with packages in it that takes up to seconds."""
        self._work_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".making-", dir=self._work_dir))
        try:
            yield folder
        finally:
            remove = partial(shutil.rmtree, folder, ignore_errors=True)
            asyncio.get_running_loop().run_in_executor(None, remove)

    async def _engine_platform(self) -> str:
        if not self._platform:
            self._platform = (await self._engine.info()).platform
        return self._platform

    async def _single(self, key: str, make: Callable[[], Awaitable[Image]]) -> Image:
        """One task per key; who comes while it runs waits for the same. It goes on if a caller gives up."""
        task = self._building.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(make()))
            self._building[key] = task
            task.add_done_callback(lambda _: self._building.pop(key, None))
        return await asyncio.shield(task)


async def _awaited(value: Awaitable[T]) -> T:
    return await value


def _spec(tag: str, layers: Sequence[Layer], labels: dict[str, str]) -> ImageSpec:
    kept = {name: value for name, value in labels.items() if value}
    return ImageSpec(tag, layers, kept, entrypoint=ENTRYPOINT, user=USER, working_dir=WORKING_DIR)


def _function_labels(bundle: Bundle, environment: Environment) -> dict[str, str]:
    manifest = bundle.manifest
    return {
        OCI + "title": manifest.name,
        OCI + "description": manifest.doc.partition("\n")[0],
        OCI + "authors": manifest.origin.author or "",
        OCI + "base.name": environment.tag,
        OURS + "function": manifest.name,
        OURS + "identity": bundle.identity,
        OURS + "notebook": manifest.origin.notebook or "",
        OURS + "cell": manifest.origin.cell or "",
    }


def _function_tag(name: str, layer: Layer, environment: Environment, labels: dict[str, str]) -> str:
    digest = _key(layer.diff_id, environment.image.id, json.dumps(labels, sort_keys=True))
    return f"jupyter-faas/function:{name}-{digest[:12]}"


def _contents(lock: str) -> str:
    """What a packages layer is determined by; nothing where there is none."""
    return f"{PACKAGES_RECIPE} {lock}" if lock else ""


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
