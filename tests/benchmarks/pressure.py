"""The gateway under pressure: functions that burn all processors, and callers who take their time."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_faas.model.caps import Caps
from tests.benchmarks.figures import Reading, summary
from tests.support.gateway import Answer, Gateway

BURN = "import time\ndef burn(seconds):\n    end = time.time() + seconds\n    while time.time() < end: pass\n"
CALLERS = 120  # four run, a hundred wait, the rest is too much
BURN_SECONDS = 5
PROBES = 100
CONNECTIONS = 1000
BODY_BYTES = 50_000


def pressure(gateway: Gateway) -> Iterator[Reading]:
    """How fast the gateway answers for itself meanwhile, and what waiting callers cost it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS), hard))
    gateway.publish(BURN, "burn", caps=Caps(timeout_seconds=30, cpu=2))
    yield saturated(gateway)
    head = f"POST /functions/burn HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
    begun = f"{head}Content-Length: {2 * BODY_BYTES}\r\n\r\n".encode() + b" " * BODY_BYTES
    yield waiting(gateway, "idle connections", b"")
    yield waiting(gateway, "unfinished heads", head.encode())
    yield waiting(gateway, "unfinished bodies", begun)


def saturated(gateway: Gateway) -> Reading:
    """``/healthz`` and refusals while every processor is taken and the queue is full."""
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.call("burn", {"seconds": BURN_SECONDS})))
        for _ in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)  # a load has to be there for a while before it can be said how it is
    health = summary([gateway.request("GET", "/healthz").seconds for _ in range(PROBES)])
    gateway.client.delete("burn")  # those who wait need not be waited for
    for thread in threads:
        thread.join()
    gateway.publish(BURN, "burn")
    refused = [answer.seconds for answer in answers if answer.status == 429]
    figures = {"healthz p50 ms": health["p50"], "healthz p99 ms": health["p99"], "refused": len(refused)}
    if refused:
        figures["refusal p50 ms"] = summary(refused)["p50"]
    return Reading("saturated, all processors busy", figures)


def waiting(gateway: Gateway, name: str, sent: bytes) -> Reading:
    """What so many connections on which no more comes cost."""
    before = _memory_bytes(gateway.pid)
    with _connections(gateway.url, sent):
        gateway.request("GET", "/healthz")
        grown = _memory_bytes(gateway.pid) - before
    return Reading(f"{CONNECTIONS} {name}", {"KB a connection": grown / CONNECTIONS / 1000})


@contextmanager
def _connections(url: str, sent: bytes) -> Iterator[None]:
    address = urlsplit(url)
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((str(address.hostname), address.port))
            stack.enter_context(connection)
            connection.sendall(sent)
        yield


def _memory_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no memory")
