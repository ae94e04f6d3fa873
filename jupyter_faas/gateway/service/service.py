"""The gateway's work behind one door: what the HTTP handlers call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import SSE, Stream
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.service.examples import described_examples
from jupyter_faas.gateway.service.history import History, iso
from jupyter_faas.gateway.service.invocation import Invocation
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.service.logs import Logs
from jupyter_faas.gateway.service.metrics import Metrics
from jupyter_faas.gateway.service.partial import PartialNotebooks
from jupyter_faas.gateway.service.publisher import Publisher
from jupyter_faas.gateway.service.readiness import Readiness
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store
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
        self._locks = locks
        self._partial = partial
        self._store = store
        self._recorder = recorder

    def resolve_now(self, name: str, selector: str | None) -> Published | None:
        """What ``resolve`` returns, if it is in memory; raises ``NotFound`` for an unknown function."""
        latest = self.catalogue.latest(name)
        return latest if selector in (None, "latest", str(latest.record.number)) else None

    async def resolve(self, name: str, selector: str | None) -> Published:
        """The version of ``name`` that ``selector`` (a number, ``latest`` or nothing) means.

        Raises ``NotFound``.
        """
        latest = self.catalogue.latest(name)
        if selector in (None, "latest", str(latest.record.number)):
            return latest
        if selector is not None and selector.isascii() and selector.isdigit() and len(selector) < 10:
            published = await self.catalogue.older(name, int(selector), self._store)
            if published is not None:
                return published
        raise NotFound(
            f"{name!r} has no version {selector!r}. Its latest one is {latest.record.number}.",
            nearest=str(latest.record.number),
        )

    def begin(
        self,
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Callable[[InvocationRecord, Result], None],
        alias: str = "",
        caller: str = "",
    ) -> Invocation:
        """Run one call; whatever becomes of it is recorded, and an error is part of the result.

        ``accept`` chooses the form of the result; ``begun`` hears of what comes of it before its end, and
        ``ended`` of the end, perhaps before this returns. Nobody hears of a call that was cancelled.
        ``alias`` and ``caller`` are recorded.
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
