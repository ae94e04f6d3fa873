"""Calls a second with two processes, against the peer that starts as many workers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bodies import BODIES
from tests.benchmarks.figures import Rates
from tests.benchmarks.peers.rivals import PEERS, image_of
from tests.benchmarks.peers.rivals import running as rival
from tests.benchmarks.warm import LOAD_TURNS, WARM_SECONDS, load
from tests.conftest import running
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

CONNECTIONS = 16
MEMORY_BYTES = 512_000_000
PEER = next(peer for peer in PEERS if peer.name == "FastAPI + uvicorn, 2 workers")
NAME = f"requests/s, 2 processes, {CONNECTIONS} connections: echo"


def two_processes(gateway: Gateway) -> Iterator[Rates]:
    """In turns of ours with two processes, ours with one, and the peer in a container with two cores."""
    body = json.dumps(BODIES["echo"]).encode()
    image, _ = image_of(PEER, gateway)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--processes=2") as own,
        rival(PEER, image, body, MEMORY_BYTES) as peer,
    ):
        eventually(lambda: b"faas_entrances 1.0" in own.request("GET", "/metrics").body, 30)
        for one in (own, gateway):
            one.publish("def echo(x: int):\n    return {'x': x}\n", "echo")
        urls = [f"{own.url}/functions/echo", f"{gateway.url}/functions/echo", f"{peer.url}/echo"]
        tokens = [own.token, gateway.token, "none"]
        for url, token in zip(urls, tokens, strict=True):
            load(url, token, body, CONNECTIONS, WARM_SECONDS)
        turns = [
            [load(url, token, body, CONNECTIONS) for url, token in zip(urls, tokens, strict=True)]
            for _ in range(LOAD_TURNS)
        ]
    two, one_process, rivals = (list(rates) for rates in zip(*turns, strict=True))
    yield Rates(NAME, two, f"{PEER.name}, in a container", rivals)
    yield Rates(f"{NAME}, against one process", two, "the same gateway with one process", one_process)
