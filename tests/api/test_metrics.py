"""``/metrics`` and ``/readyz`` of a real gateway, with real calls."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.promql import labels_in, selectors_in
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
import time
def f(what="ok"):
    if what == "wait":
        time.sleep(60)
    if what == "nap":
        time.sleep(0.3)
    if what == "fail":
        raise ValueError("no")
    return what
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that tells two functions apart, and has room for two calls that wait.

    Of ``f`` version 1 was called in every way, and again when none ran; version 2 runs one call at a time.
    """
    require_docker()
    folder = tmp_path_factory.mktemp("metrics")
    bounds = ("--GatewayApp.max_metric_functions=2", "--Dispatcher.max_queue=2")
    with running(folder, *bounds) as gateway:
        gateway.publish(SOURCE, "f", caps=Caps(timeout_seconds=0.3))
        for what in ("ok", "ok", "fail", "wait"):
            gateway.call("f", {"what": what})
        gateway.publish(SOURCE, "f", caps=Caps(timeout_seconds=10, concurrency=1, max_instances=1))
        eventually(lambda: gateway.client.version("f", 1)["instances"] == 0, 20, "version 1 has gone")
        gateway.call("f@1")
        gateway.call("f")
        yield gateway


@pytest.fixture(scope="module", autouse=True)
def series(counted: Gateway) -> dict[str, set[str]]:
    """What Prometheus has after a scrape, before any test: each series with its labels."""
    exposed = counted.request("GET", "/metrics").body.decode()
    found: dict[str, set[str]] = {"up": {"job", "instance"}}
    for family in text_string_to_metric_families(exposed):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


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
    calls = {"function": "f", "version": "1"}
    assert value(counted, "faas_calls_total", **calls, status="200", code="") == 3
    assert value(counted, "faas_calls_total", **calls, status="500", code="handler-error") == 1
    assert value(counted, "faas_calls_total", **calls, status="504", code="timeout") == 1
    assert value(counted, "faas_run_seconds_count", function="f") == 6
    assert value(counted, "faas_run_seconds_sum", function="f") >= 0.3
    assert value(counted, "faas_starts_total", function="f", start="warm") >= 3
    assert value(counted, "faas_builds_total", state="live") >= 1
    assert value(counted, "faas_functions") >= 1
    assert sum(value(counted, "faas_instances", state=state) for state in ("idle", "busy", "paused")) >= 1
    eventually(lambda: value(counted, "faas_event_loop_lag_seconds_count") >= 1, 5)


def test_calls_that_wait_are_told_and_those_refused_come_again(counted: Gateway) -> None:
    """``map`` honours ``Retry-After``: more calls at a time than may wait, and none is lost."""
    with ThreadPoolExecutor(1) as pool:
        rows = [{"what": "nap"} for _ in range(10)]
        mapped = pool.submit(lambda: list(counted.client["f"].starmap(rows, max_parallel=5)))
        eventually(lambda: value(counted, "faas_queued_calls") == 2, 10, "two calls wait")
        assert value(counted, "faas_longest_queue") == 2
        assert mapped.result(60) == ["nap"] * 10
    refused = {"function": "f", "version": "2", "status": "429", "code": "saturated"}
    assert value(counted, "faas_calls_total", **refused) >= 1
    assert value(counted, "faas_queue_seconds_sum", function="f") > 0.3


def test_starts_are_told_apart(counted: Gateway) -> None:
    assert value(counted, "faas_starts_total", function="f", start="cold") >= 1
    assert value(counted, "faas_start_seconds_count", function="f") >= 1
    assert value(counted, "faas_start_seconds_sum", function="f") > 0.005


def test_functions_beyond_the_bound_are_counted_together(counted: Gateway) -> None:
    for name in ("f", "g", "h", "i"):
        counted.publish(SOURCE.replace("def f", f"def {name}"), name)
        counted.call(name)
    assert told_apart(counted) == {"f", "g", "(others)"}
    assert value(counted, "faas_calls_total", function="(others)", version="", status="200", code="") == 2
    counted.request("DELETE", "/api/v1/functions/f")
    counted.call("h")
    assert told_apart(counted) == {"g", "h", "(others)"}
    for seconds in range(1, 7):
        counted.client.change_caps("g", {"timeout": f"{seconds}s"})
        counted.call("g")
    versions = {
        dict(labels)["version"]
        for name, labels in samples(counted)
        if name == "faas_calls_total" and dict(labels)["function"] == "g"
    }
    assert versions == {"4", "5", "6", "7"}, "the last four"


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


def test_not_ready_without_the_store(counted: Gateway) -> None:
    def rename(old: str, new: str) -> None:
        with closing(sqlite3.connect(counted.folder / "data" / "gateway.sqlite")) as database:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("settings", "gone")
    try:
        answer = counted.request("GET", "/readyz")
        assert (answer.status, answer.json["failures"]) == (503, {"store": "The database can't be read."})
    finally:
        rename("gone", "settings")
    assert counted.request("GET", "/readyz").status == 200


def test_a_gateway_that_stops_says_what_it_waits_for_and_no_longer_than_it_may(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", "--GatewayApp.drain_seconds=4") as gateway:
        gateway.publish(SOURCE, "f", caps=Caps(timeout_seconds=30))
        call = threading.Thread(target=_until_it_breaks, args=(gateway,), daemon=True)
        call.start()
        eventually(lambda: value(gateway, "faas_instances", state="busy") == 1, 10, "the call runs")
        address = urlsplit(gateway.url)
        with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)) as kept:
            assert _readiness(kept) == (200, {"status": "ready"})
            os.kill(gateway.pid, signal.SIGTERM)
            eventually(lambda: "Stopping: 1 calls are running" in gateway.log, 5)
            status, said = _readiness(kept)
            assert (status, said["failures"]) == (503, ["gateway"])
        eventually(lambda: "Waiting for calls: 1 of f" in gateway.log, 10, "it says what it waits for")
        eventually(lambda: gateway.ended, 15, "it ends, though the call would take a minute")
        call.join(10)
        assert not call.is_alive()


def _until_it_breaks(gateway: Gateway) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        gateway.call("f", {"what": "wait"})


def _readiness(kept: http.client.HTTPConnection) -> tuple[int, dict[str, object]]:
    kept.request("GET", "/readyz")
    answer = kept.getresponse()
    return answer.status, json.loads(answer.read())


ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "examples" / "monitoring"
RULES = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is(series: dict[str, set[str]], rule: dict[str, str]) -> None:
    asked = selectors_in(rule["expr"])
    assert asked
    for name, labels in asked.items():
        assert labels | labels_in(rule["expr"]) <= series[name], name
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert used <= labels_in(rule["expr"]) | {"job", "instance"}, "else its words have gaps"


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_there_is(
    series: dict[str, set[str]], panel: dict[str, list[dict[str, str]]]
) -> None:
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", "1m").replace("$function", ".*")
        asked = selectors_in(expression)
        assert asked
        assert all(labels | labels_in(expression) <= series[name] for name, labels in asked.items())
        legend = set(re.findall(r"{{\s*(\w+)\s*}}", target.get("legendFormat", "")))
        assert legend <= labels_in(expression) | set().union(*(series[name] for name in asked))


def test_every_metric_is_told_of(counted: Gateway) -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    told = set(re.findall(r"`(faas_\w+)`", page))
    exposed = counted.request("GET", "/metrics").body.decode()
    there = {
        family.name + "_total" * (family.type == "counter")
        for family in text_string_to_metric_families(exposed)
        if family.name.startswith("faas_") and not family.name.endswith("_created")
    }
    processes = {"faas_entrances", "faas_entrances_replaced_total"}
    assert there | processes == told
