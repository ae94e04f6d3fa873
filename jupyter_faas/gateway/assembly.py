"""Puts the parts of a gateway together: each is made here, once, and told of those that it needs."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import Final

from traitlets.config import Configurable

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.engines.settings import EngineSettings
from jupyter_faas.gateway.images.builder import ImageBuilder
from jupyter_faas.gateway.service.activity import Activity
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.builds import Builds
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.differences import Differences
from jupyter_faas.gateway.service.disk import Disk
from jupyter_faas.gateway.service.gate import Gate
from jupyter_faas.gateway.service.history import History
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.service.logs import Logs
from jupyter_faas.gateway.service.metrics import Metrics
from jupyter_faas.gateway.service.overview import Overview
from jupyter_faas.gateway.service.partial import PartialNotebooks
from jupyter_faas.gateway.service.planner import Planner
from jupyter_faas.gateway.service.publisher import Publisher
from jupyter_faas.gateway.service.readiness import Readiness
from jupyter_faas.gateway.service.rebuilder import Rebuilder
from jupyter_faas.gateway.service.retention import Retention
from jupyter_faas.gateway.service.service import Service
from jupyter_faas.gateway.service.tracing import Tracer
from jupyter_faas.gateway.service.versions import Versions
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import HistoryBounds, InvocationRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import EngineUnavailable

__all__ = ["PartsSettings", "assemble"]

log = logging.getLogger(__name__)

EXPECTED: Final = 16
"""So many functions, the last published ones, are expected to be called when the gateway has started."""


@dataclass(frozen=True)
class PartsSettings:
    """What the settings of a gateway say of its parts; ``GatewayApp`` describes them."""

    configuration: Configurable
    """What parts that have settings of their own take them from."""
    base_image: str
    build_on_host: bool
    max_metric_functions: int
    trace_endpoint: str
    history: HistoryBounds
    changed: Callable[[str], None] | None
    """Told the name of each function that changes; other processes may have to hear of it."""


async def assemble(
    stack: AsyncExitStack, store: Store, folder: Path, settings: PartsSettings
) -> tuple[Service, Dispatcher]:
    """The service of the data directory ``folder``, ready for calls; ``stack`` closes its parts.

    Instances that an earlier run has left are removed on the way. An engine that doesn't answer is no
    error: the log says so, and calls are refused until it does.
    """
    engine = await _engine(stack, store, folder, settings)
    catalogue = Catalogue() if settings.changed is None else Catalogue(settings.changed)
    await catalogue.load(store)
    bundles, locks, gate = BundleStore(folder / "bundles"), LockStore(folder / "locks"), Gate()
    builder = ImageBuilder(engine, folder / "cache", settings.base_image, settings.build_on_host)
    rebuilder = Rebuilder(store, catalogue, bundles, locks, builder, gate)
    planner = Planner(engine, bundles, folder / "layers")
    dispatcher = Dispatcher(engine, rebuilder.rebuild, planner.plan, parent=settings.configuration)
    builds = Builds()
    metrics = Metrics(dispatcher, catalogue, builds, settings.max_metric_functions)
    stack.push_async_callback(metrics.close)
    tracer = _tracer(stack, settings.trace_endpoint)
    activity = Activity()
    await activity.load(store)

    def tell(records: Sequence[InvocationRecord]) -> None:
        metrics.count(records)
        activity.count(records)
        if tracer is not None:
            tracer.tell(records)

    recorder = Recorder(store, settings.history, tell)
    stack.push_async_callback(recorder.close)
    aliases = Aliases(store, catalogue, dispatcher, recorder)
    differences = Differences(store, bundles, aliases)
    publisher = Publisher(
        engine, store, bundles, locks, builder, dispatcher, catalogue, builds, aliases, differences, gate
    )
    stack.push_async_callback(publisher.close)
    await aliases.provision()
    _expect_calls(catalogue, dispatcher)
    versions = Versions(engine, store, catalogue, dispatcher, aliases, recorder, gate)
    retention = Retention(
        engine,
        store,
        dispatcher,
        aliases,
        versions,
        bundles,
        locks,
        gate,
        recorder,
        parent=settings.configuration,
    )
    stack.push_async_callback(retention.close)
    service = Service(
        engine,
        store,
        recorder,
        bundles,
        locks,
        dispatcher,
        catalogue,
        publisher,
        PartialNotebooks(folder / "notebooks"),
        metrics,
        Readiness(engine, store, folder),
        History(store, recorder, catalogue),
        Logs(store, recorder, catalogue, dispatcher.feed),
        tracer is not None,
        aliases,
        versions,
        differences,
        retention,
        Disk(engine, store, folder),
        Overview(catalogue, dispatcher, builds, activity, recorder),
    )
    return service, dispatcher


async def _engine(stack: AsyncExitStack, store: Store, folder: Path, settings: PartsSettings) -> Engine:
    """The engine, without what a gateway that was killed has left running there."""
    owner = await _owner(store)
    engine = EngineSettings(parent=settings.configuration).make(folder, owner)
    stack.push_async_callback(engine.close)
    try:
        info = await engine.info()
        removed = await engine.remove_orphans(owner)
    except EngineUnavailable as error:
        log.warning("%s Calls are answered 503 until it does.", error.detail)
        return engine
    log.info("Engine %s %s; %d instances of an earlier run removed", info.name, info.version, removed)
    if not info.isolates:
        log.warning("The %s engine does not isolate: functions can do what you can do.", info.name)
    return engine


async def _owner(store: Store) -> str:
    """The name under which this gateway's containers are known to be its own, over all its runs."""
    owner = await store.setting("owner")
    if owner is None:
        owner = secrets.token_hex(8)
        await store.save_setting("owner", owner)
    return owner


def _expect_calls(catalogue: Catalogue, dispatcher: Dispatcher) -> None:
    if dispatcher.prewarmed.memory_bytes:
        for published in nlargest(EXPECTED, catalogue, key=lambda one: one.record.published):
            dispatcher.prewarmed.expect(published.target)


def _tracer(stack: AsyncExitStack, endpoint: str) -> Tracer | None:
    if not endpoint:
        return None
    tracer = Tracer(endpoint)
    stack.push_async_callback(asyncio.to_thread, tracer.close)
    return tracer
