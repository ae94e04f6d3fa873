"""What the gateway asks of a container engine.

An engine keeps images and runs sandboxes. It knows nothing of functions, versions or calls: it is given
layers and gets told what to start. Every method raises ``EngineUnavailable`` when the engine doesn't answer.
"""

from __future__ import annotations

import socket as socketlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from jupyter_faas.model.caps import Caps

__all__ = [
    "BuildSpec",
    "Engine",
    "EngineInfo",
    "Exit",
    "Image",
    "ImageSpec",
    "ImageUnusable",
    "Layer",
    "Log",
    "PrewarmedSandbox",
    "Sandbox",
    "SandboxSpec",
]

Log = Callable[[str], None]
"""Receives one line of what a slow step is doing."""


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself."""

    name: str
    version: str
    platform: str
    """OCI platform of the images it runs, e.g. ``linux/amd64``."""
    isolates: bool
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One layer as an uncompressed tar on disk."""

    diff_id: str
    """``sha256:<hex>`` of the uncompressed tar (OCI image spec, "Layer DiffID")."""
    path: Path
    size: int


@dataclass(frozen=True)
class Image:
    """An image present at the engine."""

    id: str
    diff_ids: tuple[str, ...]
    size: int
    labels: Mapping[str, str]


@dataclass(frozen=True)
class ImageSpec:
    """What to put on top of a base image."""

    tag: str
    layers: Sequence[Layer]
    labels: Mapping[str, str]
    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    working_dir: str = ""


@dataclass(frozen=True)
class SandboxSpec:
    """What to start: one instance of one version, or with ``prewarmed`` of an environment image that is yet
    to get its function."""

    instance_id: str
    image: str
    caps: Caps
    labels: Mapping[str, str]
    prewarmed: bool = False


@dataclass(frozen=True)
class BuildSpec:
    """A command to run in a *build container*: one that makes files for a layer and is thrown away.

    ``files`` is the path of a tar that is unpacked at ``/`` before. ``environment`` is seen by the command
    and gets into no image. ``take`` is the folder whose content is wanted afterwards; empty: whatever the
    command changed. ``root`` allows what installing packages needs; without it the command is a plain user's.
    """

    image: Image
    command: Sequence[str]
    files: Path
    environment: Mapping[str, str]
    take: str = ""
    root: bool = False
    network: bool = False
    timeout_seconds: float = 1800.0
    memory_bytes: int = 4 * 10**9


@dataclass(frozen=True)
class Exit:
    """How a sandbox ended, as far as the engine knows."""

    status: int | None
    out_of_memory: bool
    output: str
    """The last lines of what the supervisor itself printed; empty unless the runtime is broken."""


class ImageUnusable(Exception):
    """The image can't be started as it is, and the same content built anew could: it was removed from the
    engine, or made by another version of the runtime. Says so in a sentence."""


class Sandbox(ABC):
    """A running instance as the engine sees it; the frames go over ``socket``."""

    socket: socketlib.socket
    """Connected and non-blocking; over TCP the engine has already authenticated with the secret. Whoever
    called ``start`` owns it and closes it; it reads as closed once the sandbox has been killed."""

    @abstractmethod
    async def pause(self) -> bool:
        """Stop all its processes where they are, until ``resume``; false if that can't be done here. What is
        sent to it waits, and ``kill`` and ``remove`` work as ever."""

    @abstractmethod
    async def resume(self) -> None:
        """Let its processes go on; raises ``EngineUnavailable`` if they don't."""

    @abstractmethod
    async def memory_bytes(self) -> int | None:
        """The memory that ending it would free; ``None`` if that isn't known."""

    @abstractmethod
    async def kill(self) -> None:
        """End every process in the sandbox at once; returns when none is left."""

    @abstractmethod
    async def remove(self) -> Exit:
        """End it, read how it ended and free everything that it held. Safe to call twice."""


class PrewarmedSandbox(Sandbox):
    """A sandbox of an environment image, which becomes that of one function, once."""

    @abstractmethod
    async def specialise(self, layer: bytes, caps: Caps) -> None:
        """Put the files of a function's layer where its image has them, read-only for the sandbox, and apply
        ``caps``; network and scratch stay what they are.

        Raises ``EngineUnavailable`` or ``InitError`` if that can't be done: it is of no use then."""


class Engine(ABC):
    """A container engine."""

    prewarms: ClassVar[bool] = False
    """Whether it may have prewarmed sandboxes."""

    name: ClassVar[str]
    isolates: ClassVar[bool]
    """Whether a function is kept from the machine it runs on."""

    @abstractmethod
    async def info(self) -> EngineInfo:
        """Ask the engine whether it is there and what it is."""

    @abstractmethod
    async def image(self, reference: str) -> Image | None:
        """The image with this tag or id, if the engine has it."""

    @abstractmethod
    async def pull(self, reference: str, log: Log) -> Image | None:
        """Fetch an image from its registry; ``None`` if it can't be had (``log`` is told why)."""

    async def own_base(self, python: str) -> Image | None:
        """The base that this engine supplies by itself for a Python minor such as ``3.11``, if it does."""
        del python
        return None

    @abstractmethod
    async def import_base(self, spec: ImageSpec) -> Image:
        """Make a base image; ``spec.layers`` are its whole root file system."""

    @abstractmethod
    async def add_layers(self, base: Image, spec: ImageSpec) -> Image:
        """``base`` with ``spec.layers`` on top, tagged; layers of ``base`` are not sent again.

        The environment is merged over that of ``base``; an empty entrypoint, user or working directory
        keeps what ``base`` has. Labels are those of ``base`` and, over them, those of ``spec``.
        """

    @abstractmethod
    async def own_images(self) -> list[Image]:
        """All images that this gateway has made."""

    @abstractmethod
    async def remove_image(self, reference: str) -> None:
        """Forget an image; no error if it is gone or still in use."""

    @abstractmethod
    async def start(self, spec: SandboxSpec) -> Sandbox:
        """Start a sandbox and connect to its supervisor (its HELLO is not read yet).

        Raises ``ImageUnusable`` for an image that is gone, ``InitError`` with the exit status and last output
        if it ends before connecting, and ``InvocationTimeout`` (phase ``init``) past
        ``caps.init_timeout_seconds``.
        """

    async def start_prewarmed(self, spec: SandboxSpec) -> PrewarmedSandbox | None:
        """The same for a sandbox without its function, which waits for ``PREPARE``; ``None`` where it could
        not be given one."""
        del spec
        return None

    async def run_once(self, image: Image, command: Sequence[str]) -> Exit | None:
        """How ``command`` ended in a throwaway sandbox of ``image``, without network and under the default
        caps; ``None`` where the engine has no such thing.

        Raises ``InitError`` if it can't be started and ``InvocationTimeout`` if it doesn't end.
        """
        del image, command
        return None

    async def run_build(self, spec: BuildSpec, destination: Path) -> Exit | None:
        """Run a build container and write what it made to ``destination``: a tar with the members of the
        folder wanted, or all changes in the form of a layer (OCI image spec, "Layer Filesystem Changeset").

        ``None`` where the engine has no containers, and nothing has run. Raises ``InitError`` if it can't be
        started and ``InvocationTimeout`` if it doesn't end.
        """
        del spec, destination
        return None

    @abstractmethod
    async def remove_orphans(self, owner: str) -> int:
        """Remove all sandboxes labelled with ``owner`` that this process did not start; their number."""

    @abstractmethod
    async def close(self) -> None:
        """Free what the engine's client holds; sandboxes are removed by their owners before."""
