"""All functions at a glance: their states, and what their calls did."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
import time
def f(what="ok"):
    if what == "fail":
        raise ValueError("no")
    if what == "nap":
        time.sleep(1)
    return what
"""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    require_docker()
    with running(tmp_path_factory.mktemp("overview")) as gateway:
        gateway.publish(SOURCE, "f", doc="Says what it was told.\n\nAt length.")
        gateway.publish(SOURCE, "broken", entry="f")
        gateway.request("PUT", "/api/v1/functions/f/aliases/prod", b'{"versions": {"1": 100}}')
        for what in ("ok", "fail", "ok"):
            gateway.call("f", {"what": what})
        gateway.call("broken", {"what": "fail"})
        yield gateway


def rows(gateway: Gateway) -> dict[str, dict[str, Any]]:
    answer = gateway.request("GET", "/api/v1/overview")
    assert answer.status == 200, answer.json
    return {row["name"]: row for row in answer.json["functions"]}


def test_the_state_of_each_function(called: Gateway) -> None:
    found = rows(called)
    assert list(found) == ["broken", "f"]
    f = found["f"]
    assert (f["version"], f["state"], f["summary"]) == (1, "live", "Says what it was told.")
    assert f["aliases"] == {"latest": {"1": 100}, "prod": {"1": 100}}
    assert f["instances"] == {"idle": 1}
    assert (f["hour"]["calls"], f["hour"]["errors"]) == (3, 1)
    assert sum(f["hour"]["series"]["calls"]) == 3
    assert 0 < f["hour"]["p50_ms"] <= f["hour"]["p99_ms"]
    assert found["broken"]["state"] == "failing"


def test_the_hour_of_one_function(called: Gateway) -> None:
    told = called.request("GET", "/api/v1/functions/f/activity").json
    assert (told["function"], told["calls"], told["errors"]) == ("f", 3, 1)
    assert len(told["slots"]) * told["slot_seconds"] == 3600
    assert told["peak_bytes"] > 1_000_000
    assert called.request("GET", "/api/v1/functions/nosuch/activity").status == 404


def test_the_hour_is_known_after_a_restart(own_gateway: Gateway) -> None:
    own_gateway.publish(SOURCE, "f")
    own_gateway.call("f")
    own_gateway.call("f", {"what": "fail"})
    own_gateway.stop()
    own_gateway.start()
    row = rows(own_gateway)["f"]
    assert (row["hour"]["calls"], row["hour"]["errors"]) == (2, 1)
    assert (row["state"], row["instances"]) == ("idle", {})
    own_gateway.client.delete("f")
    own_gateway.publish(SOURCE, "f")
    assert rows(own_gateway)["f"]["hour"] is None, "another function of the same name"


def test_a_first_publish_is_seen_while_it_is_under_way(called: Gateway) -> None:
    slow = threading.Thread(
        target=called.publish, args=("import time\ntime.sleep(3)\n" + SOURCE, "slow"), kwargs={"entry": "f"}
    )
    slow.start()
    eventually(lambda: rows(called).get("slow", {}).get("step") == "check", 60, "its row tells of the check")
    assert (rows(called)["slow"]["state"], rows(called)["slow"]["version"]) == ("building", None)
    slow.join()
    assert rows(called)["slow"]["state"] == "live"
