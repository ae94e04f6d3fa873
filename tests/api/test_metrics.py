"""``/metrics`` and ``/readyz`` of a real gateway, with real calls."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
import time
def f(what="ok"):
    if what == "wait":
        time.sleep(60)
    if what == "fail":
        raise ValueError("no")
    return what
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that tells two functions apart."""
    require_docker()
    folder = tmp_path_factory.mktemp("metrics")
    with running(folder, "--GatewayApp.max_metric_functions=2") as gateway:
        yield gateway


def samples(gateway: Gateway) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = gateway.request("GET", "/metrics")
    assert answer.status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def value(gateway: Gateway, name: str, **labels: str) -> float:
    return samples(gateway).get((name, frozenset(labels.items())), 0.0)


def told_apart(gateway: Gateway) -> set[str]:
    return {dict(labels)["function"] for name, labels in samples(gateway) if name == "faas_calls_total"}


def test_calls_starts_and_builds_are_counted(counted: Gateway) -> None:
    counted.publish(SOURCE, "f", caps=Caps(timeout_seconds=0.3))
    for what in ("ok", "ok", "fail", "wait"):
        counted.call("f", {"what": what})
    calls = {"function": "f", "version": "1"}
    assert value(counted, "faas_calls_total", **calls, status="200", code="") == 2
    assert value(counted, "faas_calls_total", **calls, status="500", code="handler-error") == 1
    assert value(counted, "faas_calls_total", **calls, status="504", code="timeout") == 1
    assert value(counted, "faas_run_seconds_count", function="f") == 4
    assert value(counted, "faas_run_seconds_sum", function="f") >= 0.3
    assert value(counted, "faas_starts_total", function="f", start="warm") >= 3
    assert value(counted, "faas_builds_total", state="live") >= 1
    assert value(counted, "faas_functions") >= 1
    assert sum(value(counted, "faas_instances", state=state) for state in ("idle", "busy", "paused")) >= 1


def test_functions_beyond_the_bound_are_counted_together(counted: Gateway) -> None:
    for name in ("f", "g", "h", "i"):
        counted.publish(SOURCE.replace("def f", f"def {name}"), name)
        counted.call(name)
    assert told_apart(counted) == {"f", "g", "(others)"}
    assert value(counted, "faas_calls_total", function="(others)", version="", status="200", code="") == 2
    counted.request("DELETE", "/api/v1/functions/f")
    counted.call("h")
    assert told_apart(counted) == {"g", "h", "(others)"}


def test_strangers_learn_nothing(counted: Gateway) -> None:
    assert counted.request("GET", "/metrics", headers={"Authorization": ""}).status == 401


def test_ready(counted: Gateway) -> None:
    answer = counted.request("GET", "/readyz", headers={"Authorization": ""})
    assert (answer.status, answer.json) == (200, {"status": "ready"})


def test_not_ready_without_an_engine(tmp_path: Path) -> None:
    nowhere = f"--EngineSettings.docker_url=unix://{tmp_path}/none.sock"
    with running(tmp_path / "gateway", nowhere) as gateway:
        stranger = gateway.request("GET", "/readyz", headers={"Authorization": ""})
        assert (stranger.status, stranger.json["failures"]) == (503, ["engine"])
        assert "engine" in gateway.request("GET", "/readyz").json["failures"]["engine"].lower()
        assert gateway.request("GET", "/healthz").status == 200


def test_a_gateway_that_stops_says_what_it_waits_for(own_gateway: Gateway) -> None:
    own_gateway.publish(SOURCE, "f", caps=Caps(timeout_seconds=30))
    call = threading.Thread(target=own_gateway.call, args=("f", {"what": "wait"}), daemon=True)
    call.start()
    eventually(lambda: value(own_gateway, "faas_instances", state="busy") == 1, 10, "the call runs")
    os.kill(own_gateway.pid, signal.SIGTERM)
    eventually(lambda: "Waiting for calls: 1 of f" in own_gateway.log, 10, "it says what it waits for")


def test_the_dashboard_and_the_alerts_name_metrics_that_exist(counted: Gateway) -> None:
    folder = Path(__file__).parents[2] / "examples" / "monitoring"
    rules = yaml.safe_load((folder / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((folder / "dashboard.json").read_text())["panels"]
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expression in expressions for name in re.findall(r"faas_[a-z_]+", expression)}
    exposed = counted.request("GET", "/metrics").body.decode()
    families = {family.name for family in text_string_to_metric_families(exposed)}
    assert named
    assert {re.sub("_(total|bucket)$", "", name) for name in named} <= families
