from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import (
    BuildError,
    Conflict,
    GatewayUnavailable,
    HandlerError,
    InvalidInput,
    MalformedRequest,
    NotFound,
    Unauthenticated,
)
from jupyter_faas.model.manifest import Manifest
from jupyter_faas.version import VERSION
from tests.unit.client.gateway_double import GatewayDouble

Events = list[tuple[str, dict[str, Any]]]


def bundle() -> Bundle:
    manifest = Manifest(name="area", entry="area", python="3.11", input_schema={"type": "object"})
    return Bundle(manifest, {"handler.py": b"def area(r): return r * r"})


def publish(client: GatewayClient) -> tuple[dict[str, Any], Events]:
    events: Events = []
    result = client.publish(bundle(), {"API_KEY": "k"}, lambda name, data: events.append((name, data)))
    return result, events


def test_importing_the_client_brings_the_standard_library_only() -> None:
    heavy = {"IPython", "jupyter_core", "jupyter_server", "traitlets", "tornado", "pydantic", "orjson"}
    code = f"import sys, jupyter_faas.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_management_api(double: GatewayDouble, client: GatewayClient) -> None:
    double.add_function("area")
    assert [function["name"] for function in client.functions()] == ["area"]
    assert client.function("area")["version"] == 1
    assert client.logs("area", limit=5)[0]["text"] == "Hello"
    assert client.invocations("area", limit=3)[0]["id"] == "i1"
    assert client.invocation("i1") == {"id": "i1", "logs": []}
    assert client.gateway()["functions"] == 1
    assert client.delete("area") == {"deleted": "area", "versions": 1}
    assert client.functions() == []
    assert "GET /api/v1/functions/area/logs?limit=5" in double.requests
    assert "GET /api/v1/functions/area/invocations?limit=3" in double.requests


def test_a_call_and_its_result(double: GatewayDouble, client: GatewayClient) -> None:
    double.add_function("echo")
    assert client.invoke("echo", {"x": "ä"}) == {"name": "echo", "arguments": {"x": "ä"}}
    assert client.invoke("echo@2")["name"] == "echo@2"
    assert double.requests[-1] == "POST /functions/echo@2"


@pytest.mark.parametrize("value", [float("nan"), [1, (object(),)], object()])
def test_arguments_that_json_cannot_express(double: GatewayDouble, client: GatewayClient, value: Any) -> None:
    with pytest.raises(InvalidInput, match="can't be sent as JSON"):
        client.invoke("echo", {"x": value})
    assert double.requests == []


def test_a_name_cannot_leave_its_place_in_the_path(double: GatewayDouble, client: GatewayClient) -> None:
    with pytest.raises(NotFound):
        client.function("../gateway?x#y")
    assert double.requests == ["GET /api/v1/functions/..%2Fgateway%3Fx%23y"]


def test_the_gateways_errors_are_raised_as_they_were_there(
    double: GatewayDouble, client: GatewayClient
) -> None:
    double.add_function("fail")
    double.add_function("strict")
    with pytest.raises(HandlerError, match="ZeroDivisionError") as raised:
        client.invoke("fail")
    assert raised.value.figures["traceback"][0]["cell_line"] == 4
    assert "status" not in raised.value.figures
    with pytest.raises(InvalidInput) as refused:
        client.invoke("strict", {"x": "a"})
    assert refused.value.figures["faults"][0]["path"] == "/x"
    with pytest.raises(NotFound):
        client.function("unknown")


def test_a_wrong_token(double: GatewayDouble) -> None:
    with pytest.raises(Unauthenticated):
        GatewayClient(Connection(double.url, "wrong")).functions()
    with pytest.raises(Unauthenticated):
        publish(GatewayClient(Connection(double.url)))


def test_publishing(double: GatewayDouble, client: GatewayClient) -> None:
    result, events = publish(client)
    assert result["state"] == "live"
    assert result["publication"]["version"] == 1
    assert [name for name, _ in events] == ["step", "step", "live"]
    assert events[0][1]["step"] == "environment"
    assert events[-1][1] == result["publication"]
    assert list(double.bundles.values()) == [bundle().pack()]


def test_publishing_the_same_again_sends_no_bundle(double: GatewayDouble, client: GatewayClient) -> None:
    publish(client)
    double.requests.clear()
    result, events = publish(client)
    assert result["state"] == "unchanged"
    assert events[-1][0] == "unchanged"
    assert not [request for request in double.requests if request.startswith("PUT")]


@pytest.mark.parametrize(("version", "advice"), [("0.0.9", "jupyter faas stop"), ("99.0", "Upgrade here")])
def test_a_gateway_of_another_version(
    double: GatewayDouble, client: GatewayClient, version: str, advice: str
) -> None:
    double.version = version
    assert client.publish(bundle(), {})["state"] == "live"  # what is understood is no trouble
    double.understands, double.bundles = False, {}
    with pytest.raises(Conflict) as caught:
        client.publish(bundle(), {})
    assert caught.value.figures == {"gateway_version": version, "client_version": VERSION}
    assert advice in caught.value.detail
    assert "Extra inputs" in caught.value.detail
    double.version = VERSION
    with pytest.raises(MalformedRequest):
        client.publish(bundle(), {})


def test_publishing_without_watching(client: GatewayClient) -> None:
    assert client.publish(bundle(), {})["state"] == "live"


def test_a_failed_build(double: GatewayDouble, client: GatewayClient) -> None:
    double.build_fails = True
    events: Events = []
    with pytest.raises(BuildError, match="numpy==99") as failed:
        client.publish(bundle(), {}, lambda name, data: events.append((name, data)))
    assert failed.value.figures == {"step": "environment", "log": ["no such version"]}
    assert events[-1][0] == "failed"


@pytest.mark.parametrize("cuts", [[0], [1], [2], [3], [0, 1, 1, 2]])
def test_a_stream_that_breaks(double: GatewayDouble, client: GatewayClient, cuts: list[int]) -> None:
    double.streams_cut_after = list(cuts)
    result, events = publish(client)
    assert result["state"] == "live"
    # What the break swallowed is not made up, and nothing comes twice.
    assert [name for name, _ in events][-1] == "live"
    assert len([name for name, _ in events if name == "live"]) == 1
    assert [data["step"] for name, data in events if name == "step"] in (
        [],
        ["environment"],
        ["environment", "image"],
    )


def test_a_stream_that_breaks_while_the_build_runs_is_resumed(
    double: GatewayDouble, client: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.streams_cut_after = [1]
    double.slow_builds = 1
    result, events = publish(client)
    assert [data.get("step") for _, data in events] == ["environment", "image", None]
    assert result["state"] == "live"


def test_a_proxy_that_lets_no_stream_through(double: GatewayDouble, client: GatewayClient) -> None:
    double.streams_refused = True
    result, events = publish(client)
    assert result["state"] == "live"
    assert [name for name, _ in events] == ["live"]


def test_a_gateway_that_was_restarted_in_between(double: GatewayDouble, client: GatewayClient) -> None:
    double.forgets_builds = True
    with pytest.raises(GatewayUnavailable, match="publish again"):
        publish(client)


def test_a_gateway_that_goes_away_in_between(double: GatewayDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_faas.client.builds.GIVE_UP_SECONDS", 0.3)
    client = GatewayClient(Connection(double.url, "double-token"))
    double.streams_refused = True

    def go_away(name: str, data: dict[str, Any]) -> None:
        raise AssertionError("there is no event")

    double.slow_builds = 10**6
    double.on_build_read = double.stop
    with pytest.raises(GatewayUnavailable):
        client.publish(bundle(), {}, go_away)


def test_what_the_watcher_raises_ends_the_watching(client: GatewayClient) -> None:
    def interrupt(name: str, data: dict[str, Any]) -> None:
        raise BrokenPipeError("nobody reads this")

    with pytest.raises(BrokenPipeError):
        client.publish(bundle(), {}, interrupt)


def test_shutdown(double: GatewayDouble, client: GatewayClient) -> None:
    asked = threading.Event()
    double.on_shutdown = asked.set
    client.shutdown()
    assert asked.wait(10)
