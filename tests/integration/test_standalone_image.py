"""A function's image runs anywhere: given ``PORT`` it serves HTTP on it by itself, without a gateway."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
import pytest

from jupyter_faas.model.caps import Caps
from tests.support.docker import owner_of
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
def scale(values, factor=2):
    while factor == 0: pass
    return [factor * value for value in values]
"""
SCHEMA = {
    "type": "object",
    "properties": {"values": {"type": "array"}, "factor": {"type": "integer", "default": 2}},
    "required": ["values"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def address(gateway: Gateway) -> Iterator[str]:
    """Where the image serves, run as anybody would."""
    gateway.publish(SOURCE, "scale", caps=Caps(timeout_seconds=1), input_schema=SCHEMA)
    image = gateway.client.function("scale")["digest"]
    with closing(docker.from_env()) as client:
        container = client.containers.run(
            image,
            detach=True,
            environment={"PORT": "8080"},
            ports={"8080/tcp": ("127.0.0.1", 0)},
            labels={"jupyter-faas.owner": owner_of(gateway.folder)},
            read_only=True,
            cap_drop=["ALL"],
            tmpfs={"/tmp": "size=16m"},
        )
        try:
            port = eventually(lambda: port_of(container), 10, "the port is published")
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: status_of(f"{url}/healthz") == 200, 15, "the image serves")
            yield url
        finally:
            container.remove(force=True)


def port_of(container: Any) -> str | None:
    container.reload()
    published = container.ports.get("8080/tcp")
    return str(published[0]["HostPort"]) if published else None


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status)
    except OSError:
        return 0


def post(url: str, arguments: dict[str, Any]) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(arguments).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_answers(address: str) -> None:
    assert post(f"{address}/functions/scale", {"values": [1, 2]}) == (200, [2, 4])
    assert post(f"{address}/", {"values": [1], "factor": 3}) == (200, [3])


def test_it_checks_what_it_is_given(address: str) -> None:
    status, problem = post(f"{address}/", {"factor": "x", "other": 1})
    assert (status, problem["code"]) == (422, "invalid-input")
    assert len(problem["faults"]) == 3


def test_its_caps_hold(address: str) -> None:
    status, problem = post(f"{address}/", {"values": [], "factor": 0})
    assert (status, problem["code"], problem["phase"]) == (504, "timeout", "run")
    assert post(f"{address}/", {"values": [1]}) == (200, [2])
