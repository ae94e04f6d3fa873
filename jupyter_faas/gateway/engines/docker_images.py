"""Images at a Docker engine: looked up, fetched, and made of layers."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from jupyter_faas.gateway.engines.base import Image, ImageSpec, Log
from jupyter_faas.gateway.engines.docker import Daemon, Refused
from jupyter_faas.gateway.engines.docker_archive import (
    BaseConfig,
    base_of_inspection,
    build_context,
    chain_ids,
    load_archive,
)
from jupyter_faas.model.errors import BuildError, EngineUnavailable

__all__ = ["DockerImages"]

logger = logging.getLogger(__name__)


class DockerImages:
    """The images of one engine; ``thin_load=False`` has them built, as where loading doesn't work."""

    def __init__(self, daemon: Daemon, labels: Mapping[str, str], thin_load: bool = True) -> None:
        self._daemon = daemon
        self._labels = labels
        self._thin_load = thin_load
        self._chains: set[str] = set()
        self._own: dict[str, Image | None] = {}

    async def find(self, reference: str) -> Image | None:
        """The image with this tag or id, if the engine has it."""
        inspected = await self._inspect(reference)
        return None if inspected is None else _image_of(inspected)

    async def pull(self, reference: str, log: Log) -> Image | None:
        """Fetch an image; ``None`` if it can't be had, and ``log`` is told why."""
        log(f"pulling {reference}")
        try:
            await self._daemon.pull(reference)
        except Refused as refused:
            log(f"{reference} can't be pulled: {refused.reason}")
            return None
        return await self.find(reference)

    async def import_base(self, spec: ImageSpec) -> Image:
        """An image whose layers are its whole root file system."""
        version = await self._daemon.version()
        base = BaseConfig(os=str(version["Os"]), architecture=str(version["Arch"]))
        return await self._make("scratch", base, self._labelled(spec))

    async def add_layers(self, image: Image, spec: ImageSpec) -> Image:
        """``image`` with the layers of ``spec`` on top."""
        inspected = await self._inspect(image.id)
        if inspected is None:
            raise BuildError(
                f"The base image {image.id[:19]} is gone from the Docker engine. Publish again.", step="image"
            )
        return await self._make(image.id, base_of_inspection(inspected), self._labelled(spec))

    async def own(self) -> list[Image]:
        """All images with our labels. What is known of an image never changes, and is asked once."""
        ids = await self._daemon.images([f"{name}={value}" for name, value in self._labels.items()])
        self._own = {one: self._own.get(one) or await self.find(one) for one in ids}
        return [image for image in self._own.values() if image is not None]

    async def remove(self, reference: str) -> None:
        """Forget an image; no error if it is gone or in use."""
        await self._daemon.remove_image(reference)

    async def _make(self, base_image: str, base: BaseConfig, spec: ImageSpec) -> Image:
        """Load the layers that the engine isn't known to have; failing that, all of ``spec``; then build."""
        for known in [self._chains, frozenset[str]()] if self._thin_load else []:
            image = await self._try_load(base, spec, known)
            if image is not None:
                return image
        if self._thin_load:
            logger.warning("the Docker engine does not take %s as layers: building it", spec.tag)
        return await self._build(base_image, spec)

    async def _try_load(self, base: BaseConfig, spec: ImageSpec, known: Collection[str]) -> Image | None:
        try:
            await self._daemon.load(load_archive(base, spec, known))
        except Refused as refused:
            logger.info("loading %s failed: %s", spec.tag, refused.reason)
            return None
        image = await self.find(spec.tag)
        wanted = (*base.diff_ids, *(layer.diff_id for layer in spec.layers))
        return image if image is not None and image.diff_ids == wanted else None

    async def _build(self, base_image: str, spec: ImageSpec) -> Image:
        try:
            await self._daemon.build(build_context(base_image, spec), spec.tag, spec.labels)
        except Refused as refused:
            raise BuildError(
                f"The Docker engine could not make the image {spec.tag}: {refused.reason}",
                step="image",
                log=[refused.reason],
            ) from refused
        image = await self.find(spec.tag)
        if image is None:
            raise EngineUnavailable(
                f"The image {spec.tag} is gone right after its build: something removes images. "
                "Publish again.",
                engine="docker",
            )
        return image

    async def _inspect(self, reference: str) -> Mapping[str, Any] | None:
        inspected = await self._daemon.image(reference)
        if inspected is not None:
            self._chains.update(chain_ids(inspected.get("RootFS", {}).get("Layers") or ()))
        return inspected

    def _labelled(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, labels={**spec.labels, **self._labels})


def _image_of(inspected: Mapping[str, Any]) -> Image:
    return Image(
        id=str(inspected["Id"]),
        diff_ids=tuple(inspected.get("RootFS", {}).get("Layers") or ()),
        size=int(inspected.get("Size") or 0),
        labels=dict((inspected.get("Config") or {}).get("Labels") or {}),
    )
