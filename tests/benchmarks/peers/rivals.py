"""The peers: what each is installed from and started with."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker

from tests.support.gateway import Gateway
from tests.support.ports import free_port
from tests.support.waiting import eventually

SERVE = Path(__file__).parent / "serve"
LABEL = "jupyter-faas.bench-peers"
DATA = ("numpy", "pandas")
UVICORN = ("-m", "uvicorn", "fastapi_app:app", "--app-dir=/peer", "--log-level=warning")
FRAMEWORK = ("--source=/peer/framework.py", "--target=call", "--host=127.0.0.1")


@dataclass(frozen=True)
class Peer:
    """A server of the same functions: ``packages`` that it is installed from, and how Python starts it, with
    ``{port}`` in it."""

    name: str
    command: tuple[str, ...]
    packages: tuple[str, ...]
    cpus: float = 1.0


PEERS = (
    Peer("bare Tornado", ("/peer/tornado_app.py", "{port}"), ("tornado", "orjson")),
    Peer(
        "functions-framework (gunicorn)",
        ("-m", "functions_framework", *FRAMEWORK, "--port={port}"),
        ("functions-framework",),
    ),
    Peer("FastAPI + uvicorn", (*UVICORN, "--port={port}"), ("fastapi", "uvicorn[standard]")),
    Peer(
        "FastAPI + uvicorn, 2 workers",
        (*UVICORN, "--port={port}", "--workers=2"),
        ("fastapi", "uvicorn[standard]"),
        cpus=2.0,
    ),
    Peer(
        "Jupyter Kernel Gateway",
        ("/peer/kernel_gateway_app.py", "{port}"),
        ("jupyter-kernel-gateway", "ipykernel"),
    ),
)
PAPERMILL = Peer("papermill", ("/peer/papermill_loop.py",), ("papermill", "ipykernel"))


def image_of(peer: Peer, gateway: Gateway) -> tuple[str, list[str]]:
    """An image with the peer's packages on our own base, and what is in it."""
    requirements = [*peer.packages, *DATA]
    name = "peer_" + "".join(c if c.isalnum() else "_" for c in "_".join(peer.packages))
    gateway.publish("def f():\n    return 1\n", name, requirements=requirements, entry="f")
    function = gateway.client.function(name)
    return function["digest"], function["packages"]


@dataclass(frozen=True)
class Running:
    """A peer that answers."""

    url: str
    first_answer_seconds: float


@contextmanager
def running(peer: Peer, image: str, body: bytes, memory_bytes: int) -> Iterator[Running]:
    """The peer in a container of its own, on a port of loopback, under the caps of our functions.

    The host's network spares it the engine's proxy, which our functions, called by socket, don't pay either.
    """
    port = free_port()
    begun = time.perf_counter()
    client = docker.from_env()
    container = client.containers.run(
        image,
        entrypoint=["python3", *(word.replace("{port}", str(port)) for word in peer.command)],
        detach=True,
        network_mode="host",
        mem_limit=memory_bytes,
        memswap_limit=memory_bytes,
        nano_cpus=int(peer.cpus * 1e9),
        pids_limit=2048,
        read_only=True,
        tmpfs={"/tmp": "size=64m,mode=1777"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        environment={"PYTHONPATH": "/opt/faas/packages:/peer", "HOME": "/tmp"},
        volumes={str(SERVE): {"bind": "/peer", "mode": "ro"}},
        labels={LABEL: "1"},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(url, body, container), 60, f"{peer.name} answers")
        yield Running(url, time.perf_counter() - begun)
    finally:
        container.remove(force=True)
        client.close()


def _answers(url: str, body: bytes, container: Any) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    try:
        connection.request("POST", "/echo", body, {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except OSError:
        container.reload()
        assert container.status != "exited", container.logs().decode()[-2000:]
        return False
    finally:
        connection.close()


def papermill_seconds(
    image: str, function: str, arguments: dict[str, Any], times: int, memory_bytes: int
) -> list[float]:
    """How long each of some executions took, in a container of its own."""
    client = docker.from_env()
    try:
        output = client.containers.run(
            image,
            entrypoint=["python3", *PAPERMILL.command, function, str(times), json.dumps(arguments)],
            network_mode="none",
            mem_limit=memory_bytes,
            nano_cpus=int(1e9),
            read_only=True,
            tmpfs={"/tmp": "size=64m,mode=1777"},
            environment={"PYTHONPATH": "/opt/faas/packages:/peer", "HOME": "/tmp"},
            volumes={str(SERVE): {"bind": "/peer", "mode": "ro"}},
            labels={LABEL: "1"},
            remove=True,
        )
    finally:
        client.close()
    return [float(line) for line in output.decode().split()]
