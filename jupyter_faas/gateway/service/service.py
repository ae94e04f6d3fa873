"""The gateway's work behind one door: what the HTTP handlers call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import SSE, Stream
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.service.access import needs_token
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.calls import PLAINLY, Asked
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.service.differences import Differences
from jupyter_faas.gateway.service.disk import Disk
from jupyter_faas.gateway.service.examples import described_examples
from jupyter_faas.gateway.service.history import History
from jupyter_faas.gateway.service.invocation import Invocation
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.service.logs import Logs
from jupyter_faas.gateway.service.metrics import Metrics
from jupyter_faas.gateway.service.overview import Overview
from jupyter_faas.gateway.service.partial import PartialNotebooks
from jupyter_faas.gateway.service.publisher import Publisher
from jupyter_faas.gateway.service.readiness import Readiness
from jupyter_faas.gateway.service.retention import Retention
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
        traces: bool,
        aliases: Aliases,
        versions: Versions,
        differences: Differences,
        retention: Retention,
        disk: Disk,
        overview: Overview,
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
        self.traces = traces
        """Whether a collector hears of calls."""
        self.aliases = aliases
        self.versions = versions
        self.differences = differences
        self.retention = retention
        self.disk = disk
        self.overview = overview
        self._locks = locks
        self._partial = partial
        self._store = store
        self._recorder = recorder

    def find_now(self, name: str, selector: str | None, trusted: bool) -> Published | None:
        """What ``find`` returns, if it is in memory; raises what it raises."""
        if not trusted:
            # Names of functions are not for strangers: unknown and not public look the same.
            latest = self.catalogue.get(name)
            if latest is None or not latest.manifest.public:
                raise needs_token()
        return self.resolve_now(name, selector)

    async def find(self, name: str, selector: str | None, trusted: bool) -> Published:
        """The version that a caller means, who has the token or hasn't.

        Raises ``NotFound``, or ``Unauthenticated`` for strangers.
        """
        return self.find_now(name, selector, trusted) or await self.resolve(name, selector)

    def choose(self, name: str, selector: str, sticky: str | None) -> str:
        """See ``Calls``."""
        route = self.catalogue.routes.get(name, selector)
        return selector if route is None else str(route.choose(sticky))

    def resolve_now(self, name: str, selector: str | None) -> Published | None:
        """What ``resolve`` returns, if it is in memory; raises what it raises."""
        latest = self.catalogue.latest(name)
        if selector is None or selector == LATEST:
            return latest
        number = self._number(name, selector)
        return latest if number == latest.record.number else self.catalogue.kept(name, number)

    async def resolve(self, name: str, selector: str | None) -> Published:
        """The version of ``name`` that ``selector`` (a number, an alias or nothing) means; of an alias that
        shares its calls out, the one with the largest share.

        Raises ``NotFound``.
        """
        found = self.resolve_now(name, selector)
        if found is None and selector is not None:
            found = await self.aliases.version(name, self._number(name, selector))
        return found or self.catalogue.latest(name)

    def _number(self, name: str, selector: str) -> int:
        number = version_number(selector)
        if number is not None:
            return number
        route = self.catalogue.routes.get(name, selector)
        if route is None:
            raise self.aliases.no_alias(name, selector)
        return route.largest

    def begin(
        self,
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Callable[[InvocationRecord, Result], None],
        asked: Asked = PLAINLY,
    ) -> Invocation:
        """Run one call; whatever becomes of it is recorded, and an error is part of the result.

        ``accept`` chooses the form of the result; ``begun`` hears of what comes of it before its end, and
        ``ended`` of the end, perhaps before this returns. Nobody hears of a call that was cancelled.
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
            asked,
            self.traces,
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
        record = (await self.resolve(name, selector)).record
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
