"""Collecting old versions, and the images and bundles that nothing needs any more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from traitlets import Float, Integer
from traitlets.config import LoggingConfigurable

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.engines.base import Engine, Image
from jupyter_faas.gateway.images.usage import kind_of, own_bytes, unneeded
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.gate import Gate
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.service.versions import Versions
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.gateway.store.versions import VersionRow
from jupyter_faas.model.errors import Conflict, EngineUnavailable, FaasError

__all__ = ["Retention"]

log = logging.getLogger(__name__)

DAY: float = 86400.0


@dataclass
class Plan:
    """What goes, and how many versions stay."""

    versions: list[VersionRow] = field(default_factory=list)
    kept: int = 0
    images: list[Image] = field(default_factory=list)
    bundles: list[tuple[str, int]] = field(default_factory=list)
    bytes: int = 0


class Retention(LoggingConfigurable):
    """Keeps of each function the last versions, those that an alias leads to, that rolling back would lead
    to, that are in use or were called lately, and that are young. All others go, and with them what only they
    needed: images, bundles, locks. What was uploaded and not published goes after a while."""

    keep_versions = Integer(
        20, min=1, help="How many versions of each function are kept in any case, the last ones."
    ).tag(config=True)

    keep_seconds = Float(
        30 * DAY,
        min=0.0,
        help="How long, in seconds, a version is kept after its publish, and after its last call.",
    ).tag(config=True)

    upload_seconds = Float(
        DAY,
        min=60.0,
        help="How long, in seconds, a bundle is kept that was uploaded and then not published.",
    ).tag(config=True)

    every_seconds = Float(
        DAY,
        min=0.0,
        help="How often, in seconds, old versions and what nothing needs are collected; 0: only when asked "
        "to, by jupyter faas prune.",
    ).tag(config=True)

    def __init__(
        self,
        engine: Engine,
        store: Store,
        dispatcher: Dispatcher,
        aliases: Aliases,
        versions: Versions,
        bundles: BundleStore,
        locks: LockStore,
        gate: Gate,
        recorder: Recorder,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._engine = engine
        self._store = store
        self._dispatcher = dispatcher
        self._aliases = aliases
        self._versions = versions
        self._bundles = bundles
        self._locks = locks
        self._gate = gate
        self._recorder = recorder
        self._task = asyncio.create_task(self._run())

    @property
    def policy(self) -> dict[str, Any]:
        """What is kept, as the API tells it."""
        names = ("keep_versions", "keep_seconds", "upload_seconds", "every_seconds")
        return {name: getattr(self, name) for name in names}

    async def close(self) -> None:
        """Collect nothing any more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def prune(self, dry_run: bool) -> dict[str, Any]:
        """Collect; or, with ``dry_run``, only say what would go and how much that is.

        Raises ``Conflict`` while something is being published, and ``EngineUnavailable``.
        """
        if dry_run:
            return self._described(await self._plan(), True)
        async with self._gate.collect() as free:
            if not free:
                raise Conflict(
                    f"{self._gate.building} publishes are under way, whose images must not be collected. Try "
                    "again when they have ended.",
                )
            plan = await self._plan()
            gone = [row for row in plan.versions if await self._remove(row)]
            if len(gone) < len(plan.versions):  # some came into use just now
                plan = await self._plan(gone)
            for image in plan.images:
                with contextlib.suppress(EngineUnavailable):
                    await self._engine.remove_image(image.id)
                self._locks.forget(image.id)
            for digest, _ in plan.bundles:
                self._bundles.forget(digest)
        return self._described(plan, False)

    async def _remove(self, row: VersionRow) -> bool:
        try:
            await self._versions.delete(row.function, row.number)
        except FaasError as error:
            log.info("%s version %d stays: %s", row.function, row.number, error.detail)
            return False
        return True

    async def _plan(self, gone: list[VersionRow] | None = None) -> Plan:
        """What would go now; ``gone`` are versions that have gone already, for its account."""
        await self._recorder.flush()  # a version may have served its first call just now
        rows = await self._store.version_rows()
        plan = Plan(versions=[*(gone or ())])
        stay: list[VersionRow] = []
        if gone is None:
            for name in dict.fromkeys(row.function for row in rows):
                own = [row for row in rows if row.function == name]
                old = await self._old(name, own)
                plan.versions += old
                stay += [row for row in own if row not in old]
        else:
            stay = rows
        plan.kept = len(stay)
        images = await self._engine.own_images()
        plan.images = unneeded(images, {image for row in stay for image in (row.image, row.environment)})
        sizes = own_bytes(images)
        plan.bundles = self._bundles.unneeded({row.bundle for row in stay}, self.upload_seconds)
        plan.bytes = sum(sizes[image.id] for image in plan.images) + sum(size for _, size in plan.bundles)
        return plan

    async def _old(self, name: str, rows: list[VersionRow]) -> list[VersionRow]:
        """Of a function's versions, newest first, those that may go."""
        since = time.time() - self.keep_seconds
        old = [row for row in rows[self.keep_versions :] if row.published < since]
        old = [row for row in old if not self._in_use(name, row.number)]
        if not old:
            return []
        called = await self._store.versions_called(name, since)
        served = set(await self._store.served(name))
        back = [number for number in (await self._store.trail(name))[:-1] if number in served][-1:]
        return [row for row in old if row.number not in called and row.number not in back]

    def _in_use(self, name: str, number: int) -> bool:
        return bool(
            self._aliases.names(name, number)
            or self._dispatcher.instances(name, number)
            or self._dispatcher.calls(name, number)
        )

    def _described(self, plan: Plan, dry_run: bool) -> dict[str, Any]:
        kinds = [kind_of(image) for image in plan.images]
        return {
            "dry_run": dry_run,
            "versions": [
                {"function": row.function, "version": row.number, "published": iso(row.published)}
                for row in plan.versions
            ],
            "kept": plan.kept,
            "images": {kind: kinds.count(kind) for kind in ("function", "environment", "packages")},
            "bundles": len(plan.bundles),
            "bytes": plan.bytes,
            "policy": self.policy,
        }

    async def _run(self) -> None:
        while self.every_seconds:
            await asyncio.sleep(self.every_seconds)
            try:
                done = await self.prune(dry_run=False)
            except (FaasError, SQLAlchemyError, OSError) as error:
                log.warning("nothing was collected: %s", error)
            else:
                log.info("%d old versions collected, %d bytes freed", len(done["versions"]), done["bytes"])
