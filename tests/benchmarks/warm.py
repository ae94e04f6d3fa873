"""Calls of running functions: how long one takes, and how many a second there are."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from jupyter_faas.model.caps import Caps
from tests.benchmarks.bodies import BODIES
from tests.benchmarks.figures import Comparison, Rates, seconds
from tests.benchmarks.peers.rivals import DATA, SERVE
from tests.support.gateway import Gateway
from tests.support.ports import free_port
from tests.support.waiting import eventually

CONNECTIONS = (1, 16)
CALLS, TURNS = {"echo": 200, "quantile": 100, "describe": 20}, 10
LOAD_SECONDS, LOAD_TURNS, WARM_SECONDS = 1.5, 5, 6
REFERENCE = "bare Tornado handler that does the same in its own process"


def warm_calls(gateway: Gateway) -> Iterator[Comparison | Rates]:
    """Each function, over one connection and over many, against Tornado alone."""
    publish_functions(gateway)
    with tornado_alone() as url:
        for function, arguments in BODIES.items():
            body = json.dumps(arguments).encode()
            ours, reference = f"{gateway.url}/functions/{function}", f"{url}/{function}"
            yield latency(function, ours, reference, gateway.token, body)
            for connections in CONNECTIONS:
                yield rates(function, ours, reference, gateway.token, body, connections)


def publish_functions(gateway: Gateway) -> None:
    """Under the caps that functions have by default, but for the memory that pandas takes."""
    source = (SERVE / "functions.py").read_text()
    for function in BODIES:
        requirements = [] if function == "echo" else list(DATA)
        caps = Caps(memory_bytes=512_000_000)
        gateway.publish(source, function, caps, requirements=requirements, entry=function)


def latency(function: str, ours: str, reference: str, token: str, body: bytes) -> Comparison:
    """One call at a time, in short turns of each."""
    times: tuple[list[float], list[float]] = ([], [])
    with caller(ours, token, body) as call_ours, caller(reference, token, body) as call_reference:
        for _ in range(CALLS[function]):
            call_ours()
            call_reference()
        for _ in range(TURNS):
            for call, taken in zip((call_ours, call_reference), times, strict=True):
                taken += [seconds(call) for _ in range(CALLS[function])]
    return Comparison(f"warm call: {function}", times[0], REFERENCE, times[1])


def rates(function: str, ours: str, reference: str, token: str, body: bytes, connections: int) -> Rates:
    """As many calls as go, in turns of each."""
    load(ours, token, body, connections, WARM_SECONDS)  # starts what so many calls want, with its imports
    counted = [
        (load(ours, token, body, connections), load(reference, token, body, connections))
        for _ in range(LOAD_TURNS)
    ]
    name = f"requests/s, {connections} connections: {function}"
    return Rates(name, [one for one, _ in counted], REFERENCE, [other for _, other in counted])


def load(url: str, token: str, body: bytes, connections: int, seconds: float = LOAD_SECONDS) -> float:
    """Calls answered a second, over ``connections`` kept alive with one call each at a time."""
    command = [sys.executable, "-m", "tests.benchmarks.load", url, token, str(connections), str(seconds)]
    done = subprocess.run(command, input=body, check=True, capture_output=True)
    return float(done.stdout)


@contextmanager
def caller(url: str, token: str, body: bytes) -> Iterator[Callable[[], None]]:
    """A function that makes one call over a connection that stays open."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call() -> None:
        connection.request("POST", address.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content

    with closing(connection):
        yield call


@contextmanager
def tornado_alone() -> Iterator[str]:
    """The reference, in a process of its own like the gateway; its URL."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(SERVE / "tornado_app.py"), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(port))
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status == 404
    except OSError:
        return False
