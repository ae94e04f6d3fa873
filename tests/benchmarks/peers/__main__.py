"""``make bench-peers``: peers and ourselves, one after the other, under the same load and the same caps."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_faas.model.caps import Caps
from tests.benchmarks.bodies import BODIES
from tests.benchmarks.peers.load import Load, load
from tests.benchmarks.peers.report import write_report
from tests.benchmarks.peers.rivals import (
    DATA,
    PAPERMILL,
    PEERS,
    SERVE,
    Peer,
    image_of,
    papermill_seconds,
    running,
)
from tests.conftest import running as running_gateway
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

OURS = {"jupyter-faas": (), "jupyter-faas, 2 processes": ("--processes=2",)}
MEMORY_BYTES = 512_000_000
CONNECTIONS = (1, 16)
WARM_SECONDS = 6  # long enough for each worker of each server to have imported what a function needs


def measure(url: str, token: str, seconds: int, turns: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Each function at each number of connections: of several turns the one with the median rate."""
    for function, arguments in BODIES.items():
        body = json.dumps(arguments).encode()
        load(f"{url}/{function}", body, token, max(CONNECTIONS), WARM_SECONDS, folder)
        for connections in CONNECTIONS:
            loads = [
                load(f"{url}/{function}", body, token, connections, seconds, folder) for _ in range(turns)
            ]
            yield {"function": function, "connections": connections, **_middle(loads)}


def _middle(loads: list[Load]) -> dict[str, Any]:
    ordered = sorted(loads, key=lambda one: one.per_second)
    spread = [round(ordered[0].per_second, 1), round(ordered[-1].per_second, 1)]
    return {**ordered[len(ordered) // 2].as_json(), "per_second_spread": spread}


def ours(name: str, gateway: Gateway, seconds: int, turns: int, folder: Path) -> dict[str, Any]:
    """Our gateway and one instance with four workers, the cold start first."""
    source = (SERVE / "functions.py").read_text()
    caps = Caps(memory_bytes=MEMORY_BYTES, concurrency=4, max_instances=1, cpu=1.0)
    for function in BODIES:
        gateway.publish(source, function, caps=caps, entry=function, requirements=list(DATA))
    gateway.publish(source, "first", caps=Caps(idle_seconds=0), entry="echo", requirements=list(DATA))
    # The instance that the publish was checked with would answer at once.
    eventually(lambda: gateway.client.function("first")["instances"] == 0, 30)
    first = gateway.call("first", BODIES["echo"]).seconds
    measured = list(measure(f"{gateway.url}/functions", gateway.token, seconds, turns, folder))
    return {"name": name, "first_answer_seconds": first, "measured": measured}


def rival(peer: Peer, gateway: Gateway, seconds: int, turns: int, folder: Path) -> dict[str, Any]:
    """One peer."""
    image, packages = image_of(peer, gateway)
    with running(peer, image, json.dumps(BODIES["echo"]).encode(), MEMORY_BYTES) as server:
        measured = list(measure(server.url, "none", seconds, turns, folder))
    named = {requirement.partition("[")[0] for requirement in peer.packages}
    versions = [package for package in packages if package.partition("==")[0] in named]
    return {
        "name": peer.name,
        "versions": versions,
        "first_answer_seconds": server.first_answer_seconds,
        "measured": measured,
    }


def papermill(gateway: Gateway, times: int) -> dict[str, Any]:
    """papermill executes one notebook after the other: a time for each, no server."""
    image, packages = image_of(PAPERMILL, gateway)
    measured = []
    for function, arguments in BODIES.items():
        samples = papermill_seconds(image, function, arguments, times, MEMORY_BYTES)
        median = statistics.median(samples)
        figures = {"p50_ms": median * 1000, "p99_ms": max(samples) * 1000, "per_second": round(1 / median, 2)}
        measured.append({"function": function, "connections": 1, "calls": times, "failed": 0, **figures})
    versions = [package for package in packages if package.startswith("papermill==")]
    return {"name": PAPERMILL.name, "versions": versions, "first_answer_seconds": None, "measured": measured}


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("docs/benchmarks"), help="where the report goes")
    parser.add_argument("--seconds", type=int, default=3, help="length of one turn")
    parser.add_argument(
        "--turns", type=int, default=3, help="turns of each measurement, of which the middle counts"
    )
    options = parser.parse_args()
    results = []
    for name, arguments in OURS.items():
        with tempfile.TemporaryDirectory() as folder, running_gateway(Path(folder), *arguments) as gateway:
            print(f"{name} …", flush=True)  # noqa: T201
            results.append(ours(name, gateway, options.seconds, options.turns, gateway.folder))
    with tempfile.TemporaryDirectory() as folder, running_gateway(Path(folder)) as gateway:
        for peer in PEERS:
            print(f"{peer.name} …", flush=True)  # noqa: T201
            results.append(rival(peer, gateway, options.seconds, options.turns, gateway.folder))
        results.append(papermill(gateway, 5))
    machine = {"machine": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    write_report({**machine, "results": results}, options.folder)


if __name__ == "__main__":
    main()
