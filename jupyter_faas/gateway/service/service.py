"""The gateway's work behind one door: what the HTTP handlers call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import SSE, Stream
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.service.differences import Differences
from jupyter_faas.gateway.service.examples import described_examples
from jupyter_faas.gateway.service.history import History
from jupyter_faas.gateway.service.invocation import Invocation
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.service.logs import Logs
from jupyter_faas.gateway.service.metrics import Metrics
from jupyter_faas.gateway.service.partial import PartialNotebooks
from jupyter_faas.gateway.service.publisher import Publisher
from jupyter_faas.gateway.service.readiness import Readiness
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.service.versions import Versions
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.aliases import LATEST, version_number
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import NotFound
from jupyter_faas.model.media import IPYNB

__all__ = ["IPYNB", "SSE", "Invocation", "Result", "Service", "Stream"]

log = logging.getLogger(__name__)


class Service:
    """Invocations, their history, and the catalogue as the API shows it."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        recorder: Recorder,
        bundles: BundleStore,
        locks: LockStore,
        dispatcher: Dispatcher,
        catalogue: Catalogue,
        publisher: Publisher,
        partial: PartialNotebooks,
        metrics: Metrics,
        readiness: Readiness,
        history: History,
        logs: Logs,
        aliases: Aliases,
        versions: Versions,
        differences: Differences,
    ) -> None:
        self.engine = engine
        self.bundles = bundles
        self.dispatcher = dispatcher
        self.catalogue = catalogue
        self.publisher = publisher
        self.metrics = metrics
        self.readiness = readiness
        self.history = history
        self.logs = logs
        self.aliases = aliases
        self.versions = versions
        self.differences = differences
        self._locks = locks
        self._partial = partial
        self._store = store
        self._recorder = recorder

    def select(
        self, name: str, selector: str | None, sticky: str | None = None
    ) -> tuple[str | None, int | None]:
        """The alias and the version that ``selector`` (a number, an alias or nothing) means.

        The alias is ``None`` for a number, the version for the latest. Of an alias that shares its calls out,
        ``sticky`` always gives the same version. Raises ``NotFound`` for an unknown alias or function.
        """
        if selector is None or selector == LATEST:
            return LATEST, None
        number = version_number(selector)
        if number is not None:
            return None, number
        route = self.catalogue.routes.get(name, selector)
        if route is None:
            raise self.aliases.no_alias(name, selector)
        return selector, route.choose(sticky)

    def representative(self, name: str, selector: str | None) -> int | None:
        """The version that stands for what ``selector`` means: of an alias that shares its calls out, the one
        with the largest share; ``None`` for the latest. Raises as ``select``."""
        self.catalogue.latest(name)
        route = None if selector is None else self.catalogue.routes.get(name, selector)
        return self.select(name, selector)[1] if route is None else route.largest

    def resolve_now(self, name: str, number: int | None) -> Published | None:
        """What ``resolve`` returns, if it is in memory; raises ``NotFound`` for an unknown function."""
        latest = self.catalogue.latest(name)
        if number is None or number == latest.record.number:
            return latest
        return self.catalogue.kept(name, number)

    async def resolve(self, name: str, number: int | None) -> Published:
        """The version of ``name`` with this number, or the latest; raises ``NotFound``."""
        return await self.aliases.version(name, number)

    def begin(
        self,
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Callable[[InvocationRecord, Result], None],
        alias: str | None = None,
        caller: str = "",
    ) -> Invocation:
        """Run one call; whatever becomes of it is recorded, and an error is part of the result.

        ``accept`` chooses the form of the result; ``begun`` hears of what comes of it before its end, and
        ``ended`` of the end, perhaps before this returns. Nobody hears of a call that was cancelled.
        ``alias`` is the one that the caller used, ``caller`` who that is.
        """
        return Invocation(
            self.dispatcher,
            self._recorder,
            self._keep,
            published,
            arguments,
            accept,
            begun,
            ended,
            alias,
            caller,
        )

    def _keep(self, invocation: str, result: Result) -> None:
        """Keep what a failed call has left behind, and say in its error where that is."""
        if result.content_type != IPYNB or result.error is None:
            return
        try:
            self._partial.save(invocation, result.attached)
        except OSError as error:
            log.warning("the notebook of call %s was not kept: %s", invocation, error)
        else:
            result.error.figures["notebook"] = f"/api/v1/invocations/{invocation}/notebook"

    def partial_notebook(self, invocation: str) -> bytes:
        """The notebook of a call that failed in a cell, as far as it ran; raises ``NotFound``."""
        content = self._partial.load(invocation)
        if content is None:
            raise NotFound(
                f"There is no notebook of invocation {invocation!r}: they are kept of the latest calls in "
                "which a cell failed or was ended."
            )
        return content

    def describe(self, published: Published) -> dict[str, Any]:
        """A function as the API shows it, less its URL."""
        record, manifest = published.record, published.manifest
        return {
            "name": record.function,
            "version": record.number,
            "digest": record.image_digest,
            "public": manifest.public,
            "doc": manifest.doc,
            "entry": manifest.entry,
            "signature": manifest.signature,
            "python": manifest.python,
            "packages": list(record.packages),
            "apt": list(manifest.apt),
            "environment": list(manifest.environment),
            "caps": manifest.caps.model_dump(),
            "input_schema": manifest.input_schema,
            "output_schema": manifest.output_schema,
            "examples": described_examples(published),
            "origin": manifest.origin.model_dump(),
            "published": iso(record.published),
            "versions": self.catalogue.version_count(record.function),
            "aliases": self.aliases.of(record.function),
            "author": record.author or None,
            "instances": self.dispatcher.instances(record.function),
        }

    async def lock(self, name: str, selector: str | None) -> dict[str, Any]:
        """All packages of a version, with hashes, as uv has locked them; raises ``NotFound``."""
        record = (await self.resolve(name, self.representative(name, selector))).record
        lock = self._locks.load(record.environment_image)
        if lock is None:
            raise NotFound(
                f"The lock of {name} version {record.number} was not kept. Publish the function again."
            )
        return {"function": name, "version": record.number, "lock": lock}

    async def exposition(self) -> bytes:
        """The metrics of all calls that have ended by now, in Prometheus' text format."""
        await self._recorder.flush()
        return await self.metrics.exposition()
