"""What ``/metrics`` tells Prometheus: counts of what was recorded, and the state of things when it asks.

Calls are counted from the records that the recorder saves in batches, so that a call itself counts nothing.
Names follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.service.builds import Builds
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.store.records import InvocationRecord

__all__ = ["Metrics"]

OTHERS: Final = "(others)"
"""Stands for the functions beyond the bound; no function can have this name."""
MAX_VERSIONS: Final = 4
"""Versions of a function that are told apart; the series of an older one end."""
BUCKETS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
)
"""Seconds: from a warm call of nothing to the longest caps."""
LAG_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
LAG_SECONDS: Final = 0.5
"""How often the event loop's lag is measured."""


class Metrics:
    """The gateway's metrics in a registry of their own.

    At most ``max_functions`` functions have series of their own, with the last ``MAX_VERSIONS`` versions of
    each that were called; all other calls are counted together. A deleted function keeps its series until
    another needs the room. So the number of series is bounded.
    """

    def __init__(
        self, dispatcher: Dispatcher, catalogue: Catalogue, builds: Builds, max_functions: int
    ) -> None:
        self._max_functions = max_functions
        self._versions: dict[str, list[int]] = {}
        self._catalogue = catalogue
        self._registry = CollectorRegistry()
        registry = self._registry
        self._calls = Counter(
            "faas_calls",
            "Calls that have ended; code is empty for those without an error.",
            ("function", "version", "status", "code"),
            registry=registry,
        )
        self._starts = Counter(
            "faas_starts",
            "Calls by how their instance came to be there.",
            ("function", "start"),
            registry=registry,
        )
        self._queue, self._start, self._run = (
            Histogram(f"faas_{part}_seconds", text, ("function",), buckets=BUCKETS, registry=registry)
            for part, text in (
                ("queue", "How long calls waited for a free worker."),
                (
                    "start",
                    "How long calls waited for an instance to be started or resumed.",
                ),
                ("run", "How long calls ran."),
            )
        )
        self._lag = Histogram(
            "faas_event_loop_lag_seconds",
            "How much later than asked for the event loop goes on.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self._present = _Present(dispatcher, catalogue, builds)
        registry.register(self._present)
        ProcessCollector(registry=registry)
        self._watching = asyncio.create_task(self._watch_lag())

    def count(self, records: Iterable[InvocationRecord]) -> None:
        """Count calls that have ended; not on the event loop, for it takes a while."""
        self._forget_deleted()
        for record in records:
            function = self._label(record.function)
            version = self._version_label(function, record.version)
            self._calls.labels(function, version, str(record.status), record.code or "").inc()
            self._queue.labels(function).observe(record.queue_ms / 1000)
            if record.start:
                self._starts.labels(function, record.start).inc()
                self._run.labels(function).observe(record.run_ms / 1000)
                if record.start_ms:
                    self._start.labels(function).observe(record.start_ms / 1000)

    def include(self, collector: Collector) -> None:
        """Tell also what ``collector`` tells."""
        self._registry.register(collector)

    async def exposition(self) -> bytes:
        """All metrics in Prometheus' text format; made off the event loop, for there may be thousands."""
        self._present.look()
        return await asyncio.to_thread(generate_latest, self._registry)

    @property
    def content_type(self) -> str:
        """The media type of ``exposition``."""
        return CONTENT_TYPE_LATEST

    async def close(self) -> None:
        """Measure no more."""
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)

    def _forget_deleted(self) -> None:
        """Once the bound is reached, functions that were deleted make room for others."""
        if len(self._versions) < self._max_functions:
            return
        for function in [name for name in self._versions if name not in self._catalogue]:
            del self._versions[function]
            for series in (self._calls, self._starts, self._queue, self._start, self._run):
                series.remove_by_labels({"function": function})

    def _label(self, function: str) -> str:
        if function in self._versions:
            return function
        if len(self._versions) >= self._max_functions:
            return OTHERS
        self._versions[function] = []
        return function

    def _version_label(self, function: str, version: int) -> str:
        if function == OTHERS:
            return ""
        known = self._versions[function]
        if version not in known:
            known.append(version)
            if len(known) > MAX_VERSIONS:
                self._calls.remove_by_labels({"function": function, "version": str(known.pop(0))})
        return str(version)

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))


class _Present(Collector):
    """What is the case when Prometheus asks: looked at on the event loop, written elsewhere."""

    def __init__(self, dispatcher: Dispatcher, catalogue: Catalogue, builds: Builds) -> None:
        self._dispatcher = dispatcher
        self._catalogue = catalogue
        self._builds = builds
        self._found: list[Metric] = []

    def look(self) -> None:
        """Take note of everything."""
        self._found = list(self._families())

    def collect(self) -> list[Metric]:
        """See prometheus-client."""
        return self._found

    def _families(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("faas_functions", "Functions in the catalogue.", value=len(self._catalogue))
        census = self._dispatcher.census()
        instances = GaugeMetricFamily("faas_instances", "Instances by state.", labels=["state"])
        for state, number in census.instances.items():
            instances.add_metric([state], number)
        yield instances
        yield GaugeMetricFamily(
            "faas_queued_calls", "Calls that wait for a free worker.", value=census.waiting
        )
        yield GaugeMetricFamily(
            "faas_longest_queue", "Calls that wait for the version with most of them.", value=census.longest
        )
        prewarmed = self._dispatcher.prewarmed
        yield GaugeMetricFamily(
            "faas_prewarmed", "Sandboxes that wait for a first call.", value=prewarmed.waiting
        )
        starts = CounterMetricFamily(
            "faas_prewarmed_starts", "Starts that wanted a prewarmed sandbox.", labels=["found"]
        )
        starts.add_metric(["yes"], prewarmed.taken)
        starts.add_metric(["no"], prewarmed.missed)
        starts.add_metric(["unfit"], prewarmed.unfit)
        yield starts
        yield GaugeMetricFamily("faas_builds_running", "Publishes under way.", value=self._builds.running)
        builds = CounterMetricFamily("faas_builds", "Publishes that have ended.", labels=["state"])
        for state, number in self._builds.ended.items():
            builds.add_metric([state], number)
        yield builds
