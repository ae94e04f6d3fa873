"""The rows of the error table that take a gateway in trouble: full queues, functions that stopped starting, a
gateway that stops, an engine that is gone, a proxy that lets nobody through. Each is provoked for real.
"""

from __future__ import annotations

import http.client
import http.server
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.gateway.problems import status_of
from jupyter_faas.model import errors
from jupyter_faas.model.caps import Caps
from tests.api.test_errors import ROWS, Row, check
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Answer, Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

QUEUE_SECONDS = 4.0
GOOD_SECONDS = 10.0
SLOW = "import time\ndef slow(seconds=5):\n    time.sleep(seconds)\n    return 'done'\n"
LATE = """
import os, time
if time.time() > float(os.environ["GOOD_UNTIL"]):
    {}
def {}():
    return 1
"""
BUSY = 'faas_instances{state="busy"}'
FULL = Row(None, 429, "saturated", {"queued": 1}, "1 calls? .* waiting for slow.* --max-instances")
QUEUED = Row(
    None,
    504,
    "timeout",
    {"phase": "queue", "cap_seconds": QUEUE_SECONDS, "elapsed_seconds": lambda seconds: 4 <= seconds < 6},
    "waited .* --max-instances or --concurrency",
)
BROKEN = Row(None, 502, "init-error", {"exception": "RuntimeError"}, "RuntimeError: too late .*line 4")
HANGS = Row(
    None, 504, "timeout", {"phase": "init", "cap_seconds": 3}, "import code .* 3 s, its cap.* --init-timeout"
)
STOPPING = Row(None, 503, "draining", {}, "shutting down")
NO_ENGINE = Row(None, 503, "engine-unavailable", {}, "/nowhere/docker.sock.* Start it .*DOCKER_HOST")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where hardly any call may wait, and not for long."""
    require_docker()
    arguments = ["--Dispatcher.max_queue=1", f"--Dispatcher.queue_timeout={QUEUE_SECONDS}"]
    with running(tmp_path_factory.mktemp("narrow"), *arguments) as gateway:
        gateway.publish(SLOW, "slow", caps=Caps(max_instances=1))
        caps = Caps(idle_seconds=0, init_timeout_seconds=3)
        gateway.publish(LATE.format("raise RuntimeError('too late')", "broken"), "broken", caps, late())
        gateway.publish(LATE.format("time.sleep(1000)", "hanging"), "hanging", caps, late())
        yield gateway


def late() -> dict[str, str]:
    """For a function that is published now and won't start later on."""
    return {"GOOD_UNTIL": str(time.time() + GOOD_SECONDS)}


def answered(answer: Answer | None, row: Row) -> None:
    """As the row says, by its status and its sentence."""
    assert answer is not None
    assert answer.status == row.status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    check(answer.json, row)


def test_a_full_queue_and_a_wait_that_is_too_long(narrow: Gateway) -> None:
    with ThreadPoolExecutor(3) as callers:
        runs = callers.submit(narrow.call, "slow")
        eventually(lambda: metric(narrow, BUSY), what="the first call runs")
        waits = callers.submit(narrow.call, "slow")
        eventually(lambda: metric(narrow, "faas_queued_calls"), what="the second call waits")
        refused = narrow.call("slow")
        answered(refused, FULL)
        assert int(refused.headers["retry-after"]) >= 1
        answered(waits.result(), QUEUED)
        assert runs.result().json == "done"


@pytest.mark.parametrize(("name", "row"), [("broken", BROKEN), ("hanging", HANGS)])
def test_a_function_that_starts_no_longer(narrow: Gateway, name: str, row: Row) -> None:
    eventually(lambda: narrow.client.function(name)["instances"] == 0, what="the checked instance is gone")

    def fails() -> Answer | None:
        """The answer, once the time has come and the machine has not been too busy to start a container."""
        answer = narrow.call(name)
        return answer if answer.code == row.code and re.search(row.words, answer.json["detail"]) else None

    answered(eventually(fails, GOOD_SECONDS + 10, "importing fails"), row)


def test_a_proxy_that_forbids_it(narrow: Gateway) -> None:
    """The gateway's token allows everything: 403 comes from what stands before it."""

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        client = GatewayClient(Connection(f"http://127.0.0.1:{proxy.server_port}", narrow.token))
        with pytest.raises(errors.Forbidden) as caught:
            client.functions()
        proxy.shutdown()
    assert status_of(caught.value) == 403
    assert f"127.0.0.1:{proxy.server_port}" in caught.value.detail


def test_a_gateway_that_stops_and_an_engine_that_is_gone(narrow: Gateway) -> None:
    with ThreadPoolExecutor(1) as callers:
        runs: Future[Answer] = callers.submit(narrow.call, "slow", {"seconds": 3})
        eventually(lambda: metric(narrow, BUSY), what="the call runs")
        with kept_connection(narrow) as again:  # nobody new is let in
            narrow.client.shutdown()
            answered(eventually(again, what="it is told to stop"), STOPPING)
        assert runs.result().json == "done", "what runs is finished"
    narrow.stop()
    without = Gateway(narrow.folder, "--EngineSettings.docker_url=unix:///nowhere/docker.sock").start()
    try:
        answered(without.call("slow"), NO_ENGINE)
    finally:
        without.close()


@contextmanager
def kept_connection(gateway: Gateway) -> Iterator[Callable[[], Answer | None]]:
    """Calls ``slow`` over one connection; its answers that are problems."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)

    def call() -> Answer | None:
        headers = {"Authorization": f"Bearer {gateway.token}", "Content-Type": "application/json"}
        connection.request("POST", "/functions/slow", b'{"seconds": 0}', headers)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, received, response.read(), 0.0)
        return None if answer.status == 200 else answer

    connection.connect()
    try:
        yield call
    finally:
        connection.close()


def metric(gateway: Gateway, name: str) -> float:
    """A figure of ``/metrics``, by its name with its labels."""
    lines = gateway.request("GET", "/metrics").body.decode().splitlines()
    return float(next((line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")), 0))


def test_every_row_of_the_table_is_provoked() -> None:
    """But for those that come from publishing, and defects of ours."""
    provoked = {row.code for row in [*ROWS.values(), FULL, QUEUED, BROKEN, HANGS, STOPPING, NO_ENGINE]}
    elsewhere: set[type[errors.FaasError]] = {
        errors.Forbidden,  # above: it comes from no gateway
        errors.GatewayUnavailable,  # raised by clients: tests/unit/client/test_finding.py
        errors.InternalError,
        *(leaf for leaf in errors.leaf_errors() if issubclass(leaf, errors.PublishError)),
    }
    assert provoked == {leaf.code for leaf in errors.leaf_errors()} - {leaf.code for leaf in elsewhere}
