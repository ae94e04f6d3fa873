"""What becomes of idle instances, and how many there are: with real containers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import docker
import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.docker import busy_cpus, containers_of, owner_of, require_docker
from tests.support.gateway import Answer, Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

BUSY_BEHIND = """
import threading
def spin():
    while True:
        pass
def behind(start=False):
    if start:
        threading.Thread(target=spin, daemon=True).start()
"""
NAP = "import time\ndef nap(seconds=0):\n    time.sleep(seconds)\n    return seconds\n"
SETTINGS = ("--Keeper.pause_seconds=0.3",)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that pauses early."""
    require_docker()
    with running(tmp_path_factory.mktemp("keeping"), *SETTINGS) as gateway:
        yield gateway


def start_of(answer: Answer) -> str:
    """How a call's instance came to be there, as the header says."""
    timing = {part.strip().split(";")[0]: part for part in answer.headers["server-timing"].split(",")}
    return timing["start"].partition('desc="')[2].rstrip('"')


def containers(gateway: Gateway, function: str) -> list[Any]:
    """The function's containers."""
    found = containers_of(owner_of(gateway.folder))
    return [one for one in found if one.labels.get("jupyter-faas.function") == function]


def test_an_idle_instance_is_paused_and_resumed_for_the_next_call(keeping: Gateway) -> None:
    keeping.publish(BUSY_BEHIND, "behind")
    keeping.call("behind", {"start": True})
    owner = owner_of(keeping.folder)
    eventually(lambda: busy_cpus(owner) < 0.02, 10, "it is paused")
    answer = keeping.call("behind")
    assert (answer.status, start_of(answer)) == (204, "paused")
    invocation = keeping.client.invocation(answer.headers["faas-invocation-id"])
    assert (invocation["start"], invocation["cold"]) == ("paused", False)
    assert 0 < invocation["start_ms"] < 1000
    assert start_of(keeping.call("behind")) == "warm"
    assert keeping.client.function("behind")["instances"] == 1


def test_a_cold_start_says_so(keeping: Gateway) -> None:
    keeping.publish(NAP, "nap_cold", entry="nap", caps=Caps(idle_seconds=0))
    eventually(lambda: keeping.client.function("nap_cold")["instances"] == 0)
    answer = keeping.call("nap_cold")
    assert start_of(answer) == "cold"
    assert keeping.client.invocation(answer.headers["faas-invocation-id"])["start"] == "cold"


def test_a_call_frozen_from_outside_ends_on_time(keeping: Gateway) -> None:
    keeping.publish(NAP, "nap_frozen", entry="nap", caps=Caps(timeout_seconds=2))
    with ThreadPoolExecutor(1) as callers:
        call = callers.submit(keeping.call, "nap_frozen", {"seconds": 1})
        (container,) = eventually(lambda: containers(keeping, "nap_frozen"))
        time.sleep(0.2)  # the call is on its way, and nothing outside tells when it has begun
        container.pause()
        answer = call.result()
    assert (answer.status, answer.code) == (504, "timeout")
    assert answer.seconds < 4
    assert keeping.call("nap_frozen").json == 0


def test_idle_instances_over_the_budget_end_least_worth_first(tmp_path: Path) -> None:
    require_docker()
    size = "kept = bytearray(b'x') * 50_000_000\n"
    with running(tmp_path / "gateway", *SETTINGS, "--Keeper.idle_memory_bytes=100_000_000") as gateway:
        slow = "import time\ntime.sleep(1.5)\n" + size + "def slow():\n    return 1\n"
        gateway.publish(slow, "slow")
        gateway.publish(size + "def quick():\n    return 2\n", "quick")
        eventually(lambda: gateway.client.gateway()["instances"] == 1, 15, "one has ended")
        assert gateway.client.function("slow")["instances"] == 1, "starting that one costs more"
        assert start_of(gateway.call("quick")) == "cold"
        assert gateway.call("slow").json == 1


def test_a_burst_of_first_calls_is_answered_within_the_caps(keeping: Gateway) -> None:
    keeping.publish(NAP, "nap_burst", entry="nap", caps=Caps(idle_seconds=0, max_instances=3))
    eventually(lambda: not containers(keeping, "nap_burst"), what="nothing runs")
    with closing(docker.from_env()) as client:
        since = client.info()["SystemTime"]
        with ThreadPoolExecutor(200) as callers:
            calls = [callers.submit(keeping.call, "nap_burst", {"seconds": 0.02}) for _ in range(200)]
            answers = [call.result() for call in calls]
        wanted = {
            "label": [
                f"jupyter-faas.owner={owner_of(keeping.folder)}",
                "jupyter-faas.function=nap_burst",
            ],
            "event": "start",
        }
        until = client.info()["SystemTime"]
        first, last = (_unix(moment) for moment in (since, until))
        started = list(cast("Any", client).events(since=first, until=last, filters=wanted, decode=True))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 429}, statuses
    assert statuses[200] >= 100
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers if one.status == 429)
    assert 1 <= len(started) <= 3


def _unix(moment: str) -> float:
    """The engine's clock (RFC 3339 with nanoseconds) in Unix seconds."""
    whole, _, fraction = moment.partition(".")
    seconds = time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone
    return seconds + float(f"0.{fraction.rstrip('Z')[:9]}")


def test_scaling_in_cuts_no_running_call(keeping: Gateway) -> None:
    keeping.publish(NAP, "nap_scale", entry="nap", caps=Caps(idle_seconds=0.5, max_instances=3))
    with ThreadPoolExecutor(4) as callers:
        long = callers.submit(keeping.call, "nap_scale", {"seconds": 4})
        list(callers.map(lambda _: keeping.call("nap_scale", {"seconds": 0.5}), range(6)))
        assert keeping.client.function("nap_scale")["instances"] > 1
        eventually(lambda: keeping.client.function("nap_scale")["instances"] == 1, 3.5, "the idle ones end")
        answer = long.result()
    assert (answer.status, answer.json) == (200, 4)


def test_provisioned_instances_are_always_there(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", *SETTINGS, "--Keeper.idle_memory_bytes=0") as gateway:
        gateway.publish(NAP, "nap", caps=Caps(min_instances=2, idle_seconds=0))

        def two_run() -> bool:
            return [one.status for one in containers(gateway, "nap")] == ["running"] * 2

        eventually(lambda: gateway.client.function("nap")["instances"] == 2, 15, "both are started")
        eventually(two_run, 15)
        before = {one.id for one in containers(gateway, "nap")}
        time.sleep(1)  # long enough to be paused or dropped, if they could be
        assert {one.id for one in containers(gateway, "nap")} == before
        assert start_of(gateway.call("nap")) == "warm"

        for container in containers(gateway, "nap"):
            container.kill()
        eventually(two_run, 20, "both are back")
        assert not before & {one.id for one in containers(gateway, "nap")}

        gateway.kill()
        gateway.start()
        eventually(two_run, 20, "both are back after a restart, without a call")
        eventually(lambda: start_of(gateway.call("nap")) == "warm", 10)
        gateway.publish(NAP.replace("return seconds", "return -seconds"), "nap", caps=Caps(idle_seconds=0))
        eventually(lambda: not containers(gateway, "nap"), 20, "the next version has none")


def test_what_was_paused_when_its_gateway_was_killed_is_removed(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", *SETTINGS) as gateway:
        gateway.publish(BUSY_BEHIND, "behind")
        gateway.call("behind", {"start": True})
        eventually(lambda: busy_cpus(owner_of(gateway.folder)) < 0.02, 10, "it is paused")
        gateway.kill()
        gateway.start()
        assert containers(gateway, "behind") == []
        assert start_of(gateway.call("behind")) == "cold"
        assert gateway.stop() == 0
        assert containers(gateway, "behind") == []


def test_plain_processes_are_paused_too(tmp_path: Path) -> None:
    with running(tmp_path / "gateway", *SETTINGS, engine="process") as gateway:
        source = "import os\ndef pid():\n    return os.getpid()\n"
        gateway.publish(source, "pid")
        worker = gateway.call("pid").json
        stat = Path(f"/proc/{worker}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", 10, "it is stopped")
        answer = gateway.call("pid")
        assert (answer.json, start_of(answer)) == (worker, "paused")
