"""Finds the image that everything is built upon: one with the Python that the publishing kernel runs."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from jupyter_faas.gateway.engines.base import Engine, Image, ImageSpec, Log
from jupyter_faas.gateway.images.apt_settings import host_release
from jupyter_faas.gateway.images.debian_base import debian_base_layers, debian_tag, why_no_debian
from jupyter_faas.gateway.images.host_base import ENVIRONMENT, host_base_layer, host_python
from jupyter_faas.gateway.images.installer import Target
from jupyter_faas.model.errors import BuildError, InitError, InvocationTimeout

__all__ = ["Base", "BaseImages"]

PULL_AGAIN_SECONDS = 600
BASE_LABEL = "jupyter-faas.base"
PYTHON_LABEL = "jupyter-faas.python"
ASK_MINOR = "import sys; print('%d.%d' % sys.version_info[:2])"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Base:
    """A base image and where it comes from."""

    image: Image
    reference: str
    source: str
    """``configured``, ``engine``, ``local``, ``pulled``, ``host`` (this machine's interpreter and what it
    needs) or ``debian`` (the same on this machine's Debian release)."""

    @property
    def of_host(self) -> bool:
        """Whether it has this very machine's C library, so that the newest wheels for it fit."""
        return self.source in {"engine", "host", "debian"}


class BaseImages:
    """Resolves a base image by Python minor: the configured one, else one that the engine supplies or has,
    else ``python:X.Y-slim`` from its registry, else one made of this machine's interpreter."""

    def __init__(self, engine: Engine, cache_dir: Path, configured: str = "") -> None:
        self._engine = engine
        self._cache_dir = cache_dir
        self._configured = configured
        self._minors: dict[str, str] = {}
        self._with_apt: set[str] = set()
        self._failed_pulls: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def resolve(self, python: str, log: Log, apt: bool = False) -> Base:
        """The base for ``python`` (``3.11``), one with ``apt`` where that is wanted.

        Raises ``BuildError`` saying what to do where there is none.
        """
        async with self._lock:
            base = await self._resolve(python, log, apt)
            if apt and base.source != "debian":
                await self._check_apt(base)
            return base

    async def _resolve(self, python: str, log: Log, apt: bool) -> Base:
        if self._configured:
            return await self._resolve_configured(python, log)
        own = await self._engine.own_base(python)
        if own is not None:
            return Base(own, "", "engine")
        return (
            await self._find_local(python, apt)
            or await self._pulled(f"python:{python}-slim", log)
            or await self._from_host(python, log, apt)
        )

    async def find(self, python: str) -> Base | None:
        """The base that is there without fetching or making one."""
        if self._configured:
            image = await self._engine.image(self._configured)
            return Base(image, self._configured, "configured") if image else None
        own = await self._engine.own_base(python)
        return Base(own, "", "engine") if own else await self._find_local(python)

    async def _resolve_configured(self, python: str, log: Log) -> Base:
        reference = self._configured
        image = await self._engine.image(reference) or await self._engine.pull(reference, log)
        if image is None:
            raise BuildError(
                f"The configured base image {reference} is neither present nor to be had from its registry. "
                f"Run 'docker pull {reference}', or change the gateway's setting base_image.",
                step="environment",
                log=[],
            )
        await self._check_minor(image, python)
        return Base(image, reference, "configured")

    async def _check_minor(self, image: Image, python: str) -> None:
        """Raise ``BuildError`` if the configured image has another Python: the packages would not import."""
        if image.id not in self._minors:
            self._minors[image.id] = image.labels.get(PYTHON_LABEL) or await self._ask_minor(image)
        minor = self._minors[image.id]
        if minor not in (python, UNKNOWN):
            has = f"has Python {minor}" if minor else "has no python3 that runs"
            raise BuildError(
                f"The configured base image {self._configured} {has}, and the kernel that publishes runs "
                f"Python {python}. Set the gateway's base_image to an image with Python {python}, such as "
                f"python:{python}-slim, or publish from a kernel that runs the image's Python.",
                step="environment",
                log=[],
            )

    async def _ask_minor(self, image: Image) -> str:
        """What the image's own ``python3`` says; empty if it doesn't run."""
        try:
            ended = await self._engine.run_once(image, ("python3", "-I", "-c", ASK_MINOR))
        except (InitError, InvocationTimeout):
            return ""
        if ended is None:
            return UNKNOWN
        lines = ended.output.split()
        said = lines[-1] if ended.status == 0 and lines else ""
        return said if re.fullmatch(r"3\.\d{1,2}", said) else ""

    async def _check_apt(self, base: Base) -> None:
        """Raise ``BuildError`` unless the image has ``apt-get`` that runs."""
        if base.source == "engine":
            raise BuildError(
                "--apt: functions run as plain processes here, with the system packages of this machine. "
                "Install them on it (apt-get install …) and leave --apt away, or use Docker.",
                step="environment",
                log=[],
            )
        if base.image.id not in self._with_apt:
            try:
                ended = await self._engine.run_once(base.image, ("apt-get", "--version"))
            except (InitError, InvocationTimeout):
                ended = None
            if ended is None or ended.status != 0:
                raise BuildError(
                    f"--apt: the base image {base.reference} has no apt-get that runs, and --apt installs "
                    "Debian packages. Set the gateway's base_image to an image on Debian or Ubuntu, such as "
                    "python:X.Y-slim, or leave --apt away and put what you need into the base image.",
                    step="environment",
                    log=[],
                )
            self._with_apt.add(base.image.id)

    async def _find_local(self, python: str, apt: bool = False) -> Base | None:
        references = [(f"python:{python}-slim", "local")]
        if python == host_python().minor:
            references.append((debian_tag(), "debian") if apt else (_host_tag(), "host"))
        for reference, source in filter(itemgetter(0), references):
            image = await self._engine.image(reference)
            if image is not None:
                return Base(image, reference, source)
        return None

    async def _pulled(self, reference: str, log: Log) -> Base | None:
        failed = self._failed_pulls.get(reference)
        if failed is not None and time.monotonic() - failed < PULL_AGAIN_SECONDS:
            return None
        image = await self._engine.pull(reference, log)
        if image is None:
            self._failed_pulls[reference] = time.monotonic()
            return None
        return Base(image, reference, "pulled")

    async def _from_host(self, python: str, log: Log, apt: bool) -> Base:
        host = host_python()
        info = await self._engine.info()
        reason = ""
        if python != host.minor:
            reason = f"the gateway itself runs Python {host.minor}"
        elif not _runs_here(info.platform):
            reason = f"the engine runs {info.platform} images, which this machine's interpreter is not"
        elif apt:
            reason = why_no_debian()
        if reason:
            wanted = f"on Debian, which --apt needs, with Python {python}" if apt else f"for Python {python}"
            raise BuildError(
                f"There is no base image {wanted}: python:{python}-slim is neither present nor to "
                f"be had from its registry, and {reason}. Run 'docker pull python:{python}-slim', or set the "
                "gateway's base_image to an image that has that Python.",
                step="environment",
                log=[],
            )
        release = host_release() if apt else None
        if release is None:
            log(f"making a base image of {host.executable}")
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".base-", dir=self._cache_dir) as folder:
            if release is not None:
                tag, source = debian_tag(), "debian"
                layers = await debian_base_layers(release, Path(folder), log)
            else:
                tag, source = _host_tag(), "host"
                layers = [await asyncio.to_thread(host_base_layer, Path(folder, "base.tar"))]
            labels = {BASE_LABEL: source, PYTHON_LABEL: python}
            image = await self._engine.import_base(ImageSpec(tag, layers, labels, environment=ENVIRONMENT))
        return Base(image, tag, source)


def _host_tag() -> str:
    host = host_python()
    return f"jupyter-faas/base:{host.minor}-host-{host.key[:12]}"


def _runs_here(platform_name: str) -> bool:
    """Whether images of this platform can hold this machine's interpreter."""

    return Target(host_python().minor, platform_name).native
