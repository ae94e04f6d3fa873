"""The versions of a function as the API shows them, and the end of one."""

from __future__ import annotations

import contextlib
from typing import Any

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.gate import Gate
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import Conflict, EngineUnavailable, NotFound

__all__ = ["Versions"]


class Versions:
    """All versions that there are."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        aliases: Aliases,
        recorder: Recorder,
        gate: Gate,
    ) -> None:
        self._engine = engine
        self._store = store
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._aliases = aliases
        self._recorder = recorder
        self._gate = gate

    async def page(self, name: str, below: int, limit: int) -> dict[str, Any]:
        """The newest ``limit`` versions with numbers less than ``below``; raises ``NotFound``."""
        latest = self._catalogue.latest(name)
        await self._recorder.flush()
        records = await self._store.versions(name, below, limit)
        more = bool(records) and bool(await self._store.versions(name, records[-1].number, 1))
        return {
            "function": name,
            "latest": latest.record.number,
            "total": self._catalogue.version_count(name),
            "versions": [self._described(record) for record in records],
            "next": records[-1].number if more else None,
        }

    async def describe(self, name: str, number: int) -> dict[str, Any]:
        """One version; raises ``NotFound``."""
        await self._recorder.flush()
        record = await self._store.version(name, number)
        if record is None:
            await self._aliases.version(name, number)  # which says what there is
            raise NotFound(f"Version {number} of {name!r} has just been deleted.")
        manifest = record.manifest
        return {
            **self._described(record),
            "doc": manifest.doc,
            "signature": manifest.signature,
            "python": manifest.python,
            "packages": list(record.packages),
            "apt": list(manifest.apt),
            "environment": list(manifest.environment),
            "caps": manifest.caps.model_dump(),
            "public": manifest.public,
            "input_schema": manifest.input_schema,
            "output_schema": manifest.output_schema,
        }

    async def content(self, name: str) -> dict[str, Any]:
        """What goes when a function is deleted; raises ``NotFound``."""
        aliases = list(self._aliases.of(name))
        await self._recorder.flush()
        images = await self._store.image_sizes(name)
        return {
            "versions": self._catalogue.version_count(name),
            "aliases": aliases,
            "instances": self._dispatcher.instances(name),
            "calls": self._dispatcher.busy().get(name, 0),
            "images": len(images),
            "bytes": sum(images.values()),
            "invocations": await self._store.count_invocations(name),
        }

    async def delete(self, name: str, number: int) -> dict[str, Any]:
        """Remove one version, its instances and its image.

        Raises ``NotFound``, and ``Conflict`` if an alias leads to it or calls run on it.
        """
        async with self._aliases.lock(name):
            record = (await self._aliases.version(name, number)).record
            named = self._aliases.names(name, number)
            if named:
                one = len(named) == 1
                raise Conflict(
                    f"{' and '.join(named)} lead{'s' * one} to version {number} of {name}. Move "
                    f"{'that alias' if one else 'those aliases'} first; `jupyter faas delete {name}` deletes "
                    "the whole function.",
                    aliases=named,
                )
            calls = self._dispatcher.calls(name, number)
            if calls:
                raise Conflict(
                    f"{calls} call{'s run' if calls > 1 else ' runs'} on version {number} of {name}. Try "
                    "again when they have ended.",
                    calls=calls,
                )
            await self._store.delete_version(name, number)
            self._catalogue.take_away(name, number)
            self._dispatcher.withdraw(name, number)
        await self._dispatcher.gone(name, number)
        async with self._gate.function(name):
            if record.image_digest not in await self._store.images(None):
                with contextlib.suppress(EngineUnavailable):
                    await self._engine.remove_image(record.image_digest)
        return {"deleted": name, "version": number, "layer_bytes": record.layer_bytes}

    def _described(self, record: VersionRecord) -> dict[str, Any]:
        name, number, origin = record.function, record.number, record.manifest.origin
        changes = record.changes
        return {
            "function": name,
            "version": number,
            "digest": record.image_digest,
            "published": iso(record.published),
            "author": record.author or None,
            "notebook": origin.notebook,
            "cell": origin.cell,
            "aliases": {
                alias: shares[number] for alias, shares in self._aliases.of(name).items() if number in shares
            },
            "served": None if record.served is None else iso(record.served),
            "instances": self._dispatcher.instances(name, number),
            "layer_bytes": record.layer_bytes,
            "image_bytes": record.image_bytes,
            "changes": changes,
        }
