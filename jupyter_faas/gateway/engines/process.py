"""The process engine: sandboxes as plain processes, for machines without a container engine.

Nothing is isolated: a function can do whatever the user can who runs the gateway. The caps are kept as far
as the runtime can keep them by resource limits, and ending a call ends all that it started.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import (
    Engine,
    EngineInfo,
    Image,
    ImageSpec,
    ImageUnusable,
    Log,
    Sandbox,
    SandboxSpec,
)
from jupyter_faas.gateway.engines.process_images import INTERPRETER, FolderImages, StoredImage
from jupyter_faas.gateway.engines.process_sandbox import NOTE, ProcessSandbox
from jupyter_faas.gateway.engines.process_tree import end_tree, start_time
from jupyter_faas.gateway.engines.starting import (
    connection_before_end,
    init_deadline,
    undone_on_failure,
)
from jupyter_faas.model.errors import BuildError, EngineUnavailable

__all__ = ["ProcessEngine"]


class ProcessEngine(Engine):
    """Runs sandboxes as processes of this user.

    ``data_dir`` keeps the images, ``run_dir`` (private) a folder per instance with its socket, scratch
    folder and output; ``owner`` names the gateway.
    """

    name = "process"
    isolates = False

    def __init__(self, data_dir: Path, run_dir: Path, owner: str) -> None:
        self._images = FolderImages(data_dir)
        self._run_dir = run_dir
        self._owner = owner
        self._live: set[str] = set()

    async def info(self) -> EngineInfo:
        """What this machine is; raises ``EngineUnavailable`` where there is no Linux /proc."""
        if not sys.platform.startswith("linux") or not hasattr(os, "pidfd_open"):
            raise EngineUnavailable(
                "The process engine needs Linux 5.3 or newer. Use the Docker engine on this machine.",
                engine=self.name,
            )
        machine = os.uname().machine
        architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
        return EngineInfo(
            name=self.name,
            version=sys.version.split()[0],
            platform=f"linux/{architecture}",
            isolates=self.isolates,
            detail={"isolation": "functions run as this user on this machine: no isolation"},
        )

    async def image(self, reference: str) -> Image | None:
        """The image with this tag or id."""
        stored = await asyncio.to_thread(self._images.find, reference)
        return stored.public() if stored else None

    async def pull(self, reference: str, log: Log) -> Image | None:
        """Always ``None``: plain processes have no use for a container image."""
        log(f"{reference} can't be pulled: the process engine has no registry")
        return None

    async def own_base(self, python: str) -> Image | None:
        """An empty virtual environment of the gateway's own interpreter, the only one there is."""
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        if python != own:
            raise BuildError(
                f"The process engine runs functions with the gateway's own Python {own}, and this one was "
                f"published with Python {python}. Start the gateway with Python {python}, or use Docker.",
                step="environment",
                log=[],
            )
        return (await asyncio.to_thread(self._images.host_environment)).public()

    async def import_base(self, spec: ImageSpec) -> Image:
        """The layers of ``spec`` over an empty virtual environment; a root file system is of no use here."""
        base = await asyncio.to_thread(self._images.host_environment)
        return (await asyncio.to_thread(self._images.add_layers, base, spec)).public()

    async def add_layers(self, base: Image, spec: ImageSpec) -> Image:
        """``base`` with ``spec.layers`` on top, tagged; files of ``base`` are shared by hard links."""
        stored = await asyncio.to_thread(self._images.find, base.id)
        if stored is None:
            raise BuildError(f"The base image {base.id[:19]} is gone. Publish again.", step="image", log=[])
        return (await asyncio.to_thread(self._images.add_layers, stored, spec)).public()

    async def own_images(self) -> list[Image]:
        """All images: they are in the gateway's own folder."""
        return [image.public() for image in await asyncio.to_thread(self._images.all)]

    async def remove_image(self, reference: str) -> None:
        """Forget an image; no error if it is gone."""
        await asyncio.to_thread(self._images.remove, reference)

    async def start(self, spec: SandboxSpec) -> Sandbox:
        """Start a supervisor and wait for its connection; see ``Engine.start`` for the errors."""
        image = await asyncio.to_thread(self._images.find, spec.image)
        if image is None:
            raise ImageUnusable(f"The image {spec.image} is gone.")
        async with init_deadline(spec.caps.init_timeout_seconds):
            folder = self._make_folder(spec.instance_id)
            self._live.add(spec.instance_id)
            sandbox = ProcessSandbox(folder, lambda: self._live.discard(spec.instance_id))
            async with undone_on_failure(sandbox):
                command = _command(self._images.root(image), image)
                sandbox.launch(spec, command, image.environment, self._owner)
                sandbox.socket = await connection_before_end(sandbox.link.accept(), sandbox)
        return sandbox

    async def remove_orphans(self, owner: str) -> int:
        """End what an earlier gateway with this name left running; the number of instances found alive."""
        return await asyncio.to_thread(self._remove_orphans, owner)

    async def close(self) -> None:
        """Nothing is held."""

    def _make_folder(self, instance_id: str) -> Path:
        folder = self._run_dir / instance_id
        try:
            self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise EngineUnavailable(
                f"The gateway can't make {folder}: {error.strerror}. Check its space and permissions, or set "
                "the gateway's data_dir to another folder.",
                engine=self.name,
            ) from error
        return folder

    def _remove_orphans(self, owner: str) -> int:
        found = 0
        for folder in self._run_dir.glob("*/"):
            if folder.name in self._live:
                continue
            note = _read_note(folder)
            if note.get("owner", owner) != owner:
                continue
            pid = int(note.get("pid", 0))
            alive = pid > 0 and start_time(pid) == note.get("start_time")
            end_tree(pid if alive else -1, folder.name)
            found += alive
            shutil.rmtree(folder, ignore_errors=True)
        return found


def _command(root: Path, image: StoredImage) -> list[str]:
    """The entrypoint with the image's own interpreter and its paths inside the image's folder."""
    program, *arguments = image.entrypoint
    interpreter = str(root / INTERPRETER) if program == "python3" else program
    return [interpreter, *(str(root / word[1:]) if word.startswith("/") else word for word in arguments)]


def _read_note(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        note = json.loads((folder / NOTE).read_text())
        if isinstance(note, dict):
            return note
    return {}
