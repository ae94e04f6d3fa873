"""The memory of instances that wait for calls, as their containers' control groups count it."""

from __future__ import annotations

import hashlib
import pickle
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import docker

from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.manifest import Value
from tests.benchmarks.figures import Reading
from tests.support.docker import containers_of, owner_of
from tests.support.gateway import PYTHON, Gateway, bundle_of
from tests.support.waiting import eventually

INSTANCES = 4
WORKERS = 4
VALUE_BYTES = 100_000_000
IDLE = "def idle():\n    return 1\n"
HOLDER = """
import time
value = __import__("faas_runtime.values", fromlist=["frozen"]).frozen("value")


def {name}():
    time.sleep(0.5)
    return value.count(b"x")
"""


def density(gateway: Gateway) -> Iterator[Reading]:
    """Of a function that imports nothing, and of one with a frozen value with one worker and with several."""
    caps = Caps(min_instances=INSTANCES, max_instances=INSTANCES)
    gateway.publish(IDLE, "idle", caps)
    containers = eventually(lambda: _running(gateway, "idle", INSTANCES), 60, "all instances run")
    used = statistics.median(map(memory_bytes, containers))
    yield Reading("an idle instance that imports nothing", {"MB": used / 1e6})
    gateway.client.delete("idle")
    figures = {}
    for workers in (1, WORKERS):
        name = f"holder{workers}"
        publish_holder(gateway, name, workers)
        with ThreadPoolExecutor(workers) as callers:  # so that each worker has read all of it
            assert [one.json for one in callers.map(gateway.call, [name] * workers)] == [
                VALUE_BYTES
            ] * workers
        (container,) = eventually(lambda name=name: _running(gateway, name, 1), 10)  # type: ignore[misc]
        figures[f"MB with {workers} worker{'s' * (workers > 1)}"] = memory_bytes(container) / 1e6
        gateway.client.delete(name)
    figures["ratio"] = figures[f"MB with {WORKERS} workers"] / figures["MB with 1 worker"]
    yield Reading(f"an instance with a frozen value of {VALUE_BYTES / 1e6:.0f} MB", figures)


def publish_holder(gateway: Gateway, name: str, workers: int) -> None:
    """A function with a frozen value, in one instance."""
    content = pickle.dumps(b"x" * VALUE_BYTES, protocol=5)
    described: dict[str, Any] = {
        "name": "value",
        "file": "values/value.pickle",
        "type": "bytes",
        "python": PYTHON,
    }
    described |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    caps = Caps(memory_bytes=600_000_000, concurrency=workers, max_instances=1, timeout_seconds=30)
    value = Value.model_validate(described)
    bundle = bundle_of(HOLDER.format(name=name), name, caps=caps, values=(value,))
    files = {**bundle.files, "values/value.pickle": content}
    gateway.client.publish(Bundle(bundle.manifest, files), {}, lambda *_: None)


def memory_bytes(container: str) -> int:
    """What a container uses, less the files that the kernel would drop at once, as ``docker stats`` does."""
    with closing(docker.from_env()) as client:
        usage: Any = client.containers.get(container).stats(stream=False)
    memory, details = usage["memory_stats"], usage["memory_stats"]["stats"]
    droppable = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(memory["usage"]) - int(droppable)


def _running(gateway: Gateway, function: str, number: int) -> list[str]:
    """The function's containers, if there are so many."""
    if gateway.client.function(function)["instances"] != number:
        return []
    found = containers_of(owner_of(gateway.folder))
    return [one.id for one in found if one.labels.get("jupyter-faas.function") == function]
