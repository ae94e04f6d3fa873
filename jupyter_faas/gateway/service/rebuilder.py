"""Making the image of a published version anew, from the bundle that is kept of it."""

from __future__ import annotations

import dataclasses
import logging

from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.images.builder import Environment, FunctionImage, ImageBuilder
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.gate import Gate
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import BuildError, InitError, NotFound

__all__ = ["Rebuilder"]

log = logging.getLogger(__name__)


class Rebuilder:
    """For images that someone has removed from the engine, and for those of an older runtime."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        bundles: BundleStore,
        locks: LockStore,
        builder: ImageBuilder,
        gate: Gate,
    ) -> None:
        self._gate = gate
        self._store = store
        self._locks = locks
        self._catalogue = catalogue
        self._bundles = bundles
        self._builder = builder

    async def rebuild(self, target: Target) -> Target:
        """``target`` with an image that the engine has.

        It gets the very packages that it had: its lock is kept. Raises ``InitError`` if it can't be built.
        """
        async with self._gate.build():
            return await self._rebuild(target)

    async def _rebuild(self, target: Target) -> Target:
        record = await self._store.version(target.function, target.version)
        if record is None:
            raise InitError(f"{target.function} was deleted while it was about to start.")
        try:
            bundle = await self._bundles.load(record.bundle_digest)
        except NotFound as gone:
            raise InitError(
                f"The image of {target.function} is gone, and so is what it was made of. Publish it again."
            ) from gone
        try:
            environment, image = await self._build(bundle, self._locks.load(record.environment_image))
        except BuildError as error:
            raise InitError(
                f"The image of {target.function} is gone and could not be built again: {error.detail}"
            ) from error
        renewed = dataclasses.replace(
            record, image_digest=image.image.id, environment_image=environment.image.id
        )
        await self._store.replace_image(renewed)
        self._catalogue.renew(renewed)
        return dataclasses.replace(target, image=image.image.id, environment_image=environment.image.id)

    async def _build(self, bundle: Bundle, lock: str | None) -> tuple[Environment, FunctionImage]:
        """The environment of ``lock``, if one was kept, and the function's image on it."""
        manifest = bundle.manifest
        environment = await self._builder.environment(
            manifest.python,
            manifest.requirements,
            manifest.constraints,
            log.info,
            bundle.wheels,
            manifest.apt,
            lock,
        )
        self._locks.save(environment.image.id, environment.lock)
        return environment, await self._builder.function(bundle, environment, log.info)
