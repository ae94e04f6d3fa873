"""Build containers at a Docker engine: what they wrote is taken out as a tar."""

from __future__ import annotations

import asyncio
import posixpath
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import BuildSpec
from jupyter_faas.gateway.engines.docker import Daemon

__all__ = ["take_result", "write_changes"]

MODIFIED, ADDED, DELETED = 0, 1, 2
WHITEOUT = ".wh."
"""Begins the name of an empty file that stands for one that is gone (OCI image spec, "Whiteouts")."""

Json = dict[str, Any]


async def take_result(daemon: Daemon, container: str, spec: BuildSpec, destination: Path) -> None:
    """Write what an ended build container was for to ``destination``."""
    if spec.take:
        with destination.open("wb") as stream:
            await daemon.take_files(container, spec.take, stream)
        return
    changes = await daemon.changes(container)
    with tempfile.TemporaryFile(dir=destination.parent) as stream:
        await daemon.take_all(container, stream)
        stream.seek(0)
        with tarfile.open(fileobj=stream, mode="r:") as everything:
            await asyncio.to_thread(write_changes, everything, changes, destination)


def write_changes(
    everything: tarfile.TarFile, changes: Iterable[Mapping[str, Any]], destination: Path
) -> None:
    """Of ``everything`` that a container holds, write the members that ``changes`` names as a layer.

    A folder that is reported only because something in it has changed comes along: its owner and mode are
    those of the image below.
    """
    kinds = {str(change["Path"]).lstrip("/"): int(change["Kind"]) for change in changes}
    with tarfile.open(destination, "w", format=tarfile.PAX_FORMAT) as layer:
        for member in everything:
            if kinds.get(member.name.strip("/"), DELETED) != DELETED:
                layer.addfile(member, everything.extractfile(member) if member.isreg() else None)
        for path in sorted(path for path, kind in kinds.items() if kind == DELETED):
            folder, name = posixpath.split(path)
            layer.addfile(tarfile.TarInfo(posixpath.join(folder, WHITEOUT + name)))
