"""Several processes on one port: one catalogue, one bound on everything, and none that can't be lost."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.docker import containers_of, most_at_once, owner_of, processes_below, require_docker
from tests.support.gateway import Gateway
from tests.support.streaming import opened
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

PROCESSES = 3
"""The gateway's own is one of them."""
WAIT = """
import os, time
def wait(seconds=0.0, size=0):
    time.sleep(seconds)
    return "x" * size
"""
STREAM = """
import time
def stream(number: int, fails: bool = False):
    for one in range(number):
        yield {"one": one}
        time.sleep(0.05)
    if fails:
        raise ValueError("no more")
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with entrances, which is not harmed."""
    require_docker()
    folder = tmp_path_factory.mktemp("processes")
    with running(folder, f"--processes={PROCESSES}", "--Dispatcher.max_queue=5") as gateway:
        ready(gateway)
        yield gateway


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with entrances, of which processes may be killed."""
    require_docker()
    with running(tmp_path / "gateway", f"--processes={PROCESSES}") as gateway:
        ready(gateway)
        yield gateway


def ready(gateway: Gateway) -> None:
    """Wait until all entrances take connections; until then the gateway itself takes all."""
    lines = f"faas_entrances {PROCESSES - 1}.0\n"
    eventually(lambda: lines in gateway.request("GET", "/metrics").body.decode(), 60, "entrances are ready")


def entrances(gateway: Gateway) -> list[int]:
    """The processes that take calls beside the gateway's own."""
    found = []
    for pid in processes_below(gateway.pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"jupyter_faas.gateway.entrance" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


class Caller:
    """One connection that is kept, and so one process: they are given connections in turn."""

    def __init__(self, gateway: Gateway) -> None:
        address = urlsplit(gateway.url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        self._connection.connect()
        self.start = ""
        """How the instance of the last call came to be there."""
        self._headers = {"Authorization": f"Bearer {gateway.token}", "Content-Type": "application/json"}

    def call(self, name: str, arguments: Any = None) -> tuple[int, Any]:
        """Status and decoded body."""
        return self.request("POST", f"/functions/{name}", json.dumps(arguments or {}))

    def request(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        """The same for any request."""
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        self.start = (response.getheader("Server-Timing") or "").partition('desc="')[2].partition('"')[0]
        return response.status, json.loads(response.read() or b"null")


def instances(gateway: Gateway, state: str) -> int:
    """How many instances are in a state, as the gateway tells it."""
    metrics = gateway.request("GET", "/metrics").body.decode()
    return int(float(re.findall(rf'^faas_instances{{state="{state}"}} (.*)$', metrics, re.MULTILINE)[0]))


def publish_several(gateway: Gateway) -> None:
    """A function with an instance for each process that waits for calls."""
    gateway.publish(WAIT, "wait", caps=Caps(max_instances=PROCESSES, min_instances=PROCESSES))
    eventually(lambda: instances(gateway, "idle") == PROCESSES, 60, "all instances wait")


def status_or_loss(call: Future[tuple[int, Any]]) -> str:
    """How a call has ended: its status, or that the connection was lost."""
    try:
        return str(call.result()[0])
    except (ConnectionError, http.client.HTTPException):
        return "lost"


def callers(gateway: Gateway) -> list[Caller]:
    """One at each process."""
    return [Caller(gateway) for _ in range(PROCESSES)]


def test_every_process_calls_and_manages(shared: Gateway) -> None:
    assert len(entrances(shared)) == PROCESSES - 1
    shared.publish(WAIT, "wait", caps=Caps(timeout_seconds=0.5, payload_bytes=10_000))
    for caller in callers(shared):
        assert caller.call("wait", {"size": 3}) == (200, "xxx")
        # Between two calls on the same connection, a request for the gateway itself.
        assert caller.request("GET", "/api/v1/functions/wait")[1]["version"] == 1
        assert caller.request("GET", "/healthz") == (200, {"status": "ok"})
        status, large = caller.call("wait", {"size": 1_000_000})
        assert (status, len(large)) == (200, 1_000_000)
        begun = time.perf_counter()
        assert caller.call("wait", {"seconds": 5})[0] == 504
        assert time.perf_counter() - begun < 1.5
        assert caller.call("wait@1", {"size": 2}) == (200, "xx")
        assert caller.request("GET", "/nowhere")[0] == 404
    for _ in range(PROCESSES):
        assert shared.call("wiat").json["nearest"] == "wait"
        assert shared.call("wait@7").status == 404
    for path in ("/functions/wait", "/functions/nothing", "/api/v1/functions"):
        assert shared.request("GET", path, headers={"Authorization": ""}).status == 401
    announced = {"Content-Length": "20000"}
    assert shared.request("POST", "/functions/wait", b"", announced).status == 413
    invocation = shared.call("wait", {"size": 1})
    recorded = shared.client.invocation(invocation.headers["faas-invocation-id"])
    assert (recorded["function"], recorded["status"], recorded["start"]) == ("wait", 200, "warm")


def test_streams_come_piece_by_piece(shared: Gateway) -> None:
    shared.publish(STREAM, "stream")
    for _ in range(PROCESSES):
        times, lines = [], []
        with opened(shared, "stream", {"number": 5, "fails": True}) as response:
            for line in response:
                times.append(time.perf_counter())
                lines.append(json.loads(line))
        assert lines[:5] == [{"one": one} for one in range(5)]
        assert lines[5]["error"]["code"] == "handler-error"
        assert times[4] - times[0] > 0.15, "the pieces came together"


def test_a_call_that_begins_after_a_publish_finds_the_new_version(shared: Gateway) -> None:
    """Calls through all entrances, while versions are published one after the other."""
    live = 0
    stale: list[tuple[int, int]] = []
    answered = 0
    done = threading.Event()

    def publish(number: int) -> None:
        shared.publish(f"def race():\n    return {number}\n", "race")

    def keep_calling(caller: Caller) -> None:
        nonlocal answered
        while not done.is_set():
            expected = live  # as it is before the call begins
            status, number = caller.call("race")
            assert status == 200, number
            answered += 1
            if number < expected:
                stale.append((number, expected))

    publish(0)
    with ThreadPoolExecutor(2 * PROCESSES) as threads:
        calling = [threads.submit(keep_calling, one) for one in callers(shared) + callers(shared)]
        try:
            for number in range(1, 9):
                publish(number)
                live = number
        finally:
            done.set()
        for one in calling:
            one.result()
    assert stale == []
    assert answered > 50
    shared.client.delete("race")
    for caller in callers(shared):
        assert caller.call("race")[0] == 404
    publish(100)  # version 1 again, and not the one of before
    for caller in callers(shared):
        assert caller.call("race@1") == (200, 100)


def test_every_entrance_knows_where_aliases_lead(shared: Gateway) -> None:
    for number in (1, 2, 3):
        shared.publish(f"def v():\n    return {number}\n", "v")
        assert shared.call("v").json == number
    shared.client.set_alias("v", "prod", "1")
    assert [shared.call("v@prod").json for _ in range(6)] == [1] * 6
    shared.client.set_alias("v", "prod", "2")
    assert [shared.call("v@prod").json for _ in range(6)] == [2] * 6
    shared.client.roll_back("v")
    assert [shared.call("v").json for _ in range(6)] == [2] * 6
    assert [shared.call("v@3").json for _ in range(4)] == [3] * 4
    shared.client.delete_version("v", 3)
    assert {shared.call("v@3").status for _ in range(6)} == {404}
    # The gateway answers before it has read the body: that answer must come through.
    assert {shared.call("v@nothing").status for _ in range(60)} == {404}


def test_the_queue_holds_no_more_than_its_bound(shared: Gateway) -> None:
    shared.publish(WAIT, "narrow", caps=Caps(max_instances=1), entry="wait")
    with ThreadPoolExecutor(20) as threads:
        together = threading.Barrier(20)

        def call(caller: Caller) -> int:
            together.wait()
            return caller.call("narrow", {"seconds": 0.4})[0]

        statuses = list(threads.map(call, [Caller(shared) for _ in range(20)]))
    assert sorted(statuses) == [200] * 6 + [429] * 14, "one runs, five wait, over all entrances"


def test_no_more_instances_than_may_be_start(shared: Gateway) -> None:
    since = int(time.time())
    shared.publish(WAIT, "few", caps=Caps(max_instances=2, idle_seconds=0), entry="wait")
    for _ in range(3):
        eventually(lambda: shared.client.function("few")["instances"] == 0, 20)
        with ThreadPoolExecutor(12) as threads:
            calls = [threads.submit(one.call, "few", {"seconds": 0.05}) for one in callers(shared) * 3]
            assert {call.result()[0] for call in calls[:PROCESSES]} <= {200, 429}
    assert 0 < most_at_once(owner_of(shared.folder), "few", since) <= 2


def test_a_killed_entrance_costs_its_own_calls(own: Gateway) -> None:
    publish_several(own)
    before = entrances(own)
    everywhere = callers(own)
    with ThreadPoolExecutor(PROCESSES) as threads:
        calls = [threads.submit(one.call, "wait", {"seconds": 3}) for one in everywhere]
        eventually(lambda: instances(own, "busy") == PROCESSES, 10, "all calls run")
        os.kill(before[0], signal.SIGKILL)
        outcomes = [status_or_loss(call) for call in calls]
    assert sorted(outcomes) == ["200", "200", "lost"]
    ready(own)
    assert before[0] not in entrances(own)
    eventually(lambda: instances(own, "busy") == 0, 10, "nobody waits for the lost call any more")
    recorded = own.request("GET", "/api/v1/functions/wait/invocations").json["invocations"]
    assert sorted(one["status"] for one in recorded[:PROCESSES]) == [200, 200, 499]
    for caller in callers(own):
        assert caller.call("wait", {"size": 1}) == (200, "x")
    assert "faas_entrances_replaced_total 1.0" in own.request("GET", "/metrics").body.decode()


def test_an_entrance_that_hangs_is_passed_over_and_replaced(own: Gateway) -> None:
    own.publish(WAIT, "wait", caps=Caps(max_instances=1))
    before = entrances(own)
    waiting = callers(own)
    with ThreadPoolExecutor(PROCESSES) as threads:
        os.kill(before[0], signal.SIGSTOP)
        calls = [threads.submit(one.call, "wait", {"size": 1}) for one in waiting]
        eventually(lambda: "it gets no more connections" in own.log, 20, "it is passed over")
        assert [Caller(own).call("wait", {"size": 2})[1] for _ in range(3)] == ["xx"] * 3
        eventually(lambda: before[0] not in entrances(own), 30, "it is ended")
        outcomes = sorted(status_or_loss(call) for call in calls)
        assert outcomes == ["200"] * (len(calls) - 1) + ["lost"]
    assert "hangs: ending it" in own.log
    ready(own)
    assert "faas_entrances_replaced_total 1.0" in own.request("GET", "/metrics").body.decode()


def test_entrances_end_with_their_gateway(own: Gateway) -> None:
    own.publish(WAIT, "wait")
    assert own.call("wait").status == 200
    address, pids = own.url, entrances(own)
    own.kill()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 5, "entrances end")
    own.start()
    ready(own)
    assert own.url == address
    assert own.call("wait", {"size": 2}).json == "xx"
    assert len(entrances(own)) == PROCESSES - 1


def test_a_stop_lets_calls_of_all_entrances_finish(own: Gateway) -> None:
    publish_several(own)
    pids = entrances(own)
    with ThreadPoolExecutor(PROCESSES) as threads:
        calls = [threads.submit(one.call, "wait", {"seconds": 3, "size": 300_000}) for one in callers(own)]
        eventually(lambda: instances(own, "busy") == PROCESSES, 10, "all calls run")
        for pid in pids:  # as a terminal or a service manager does
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        assert own.stop() == 0
        assert [len(call.result()[1]) for call in calls] == [300_000] * PROCESSES
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert containers_of(owner_of(own.folder)) == []


def test_one_process_has_no_entrances(gateway: Gateway) -> None:
    assert gateway.request("GET", "/healthz").status == 200
    assert entrances(gateway) == []
