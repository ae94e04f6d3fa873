"""The error table of the HTTP contract: each row is provoked for real, and its sentence read as a person
does: what happened, with the figure, and what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from jupyter_faas.model.caps import Caps
from tests.support.gateway import Gateway

pytestmark = pytest.mark.docker

SOURCE = """
import os, time

def misuse(what="", size=0):
    if what == "raise":
        return [][1]
    if what == "exit":
        os._exit(7)
    if what == "abort":
        os.abort()
    if what == "memory":
        return len(b"x" * 10**9)
    if what == "large":
        return "x" * 20_000
    if what == "object":
        return {"a": [object()]}
    if what == "loop":
        while True: pass
    if what == "network":
        import socket
        socket.create_connection(("192.0.2.1", 80), 5)
    return what

def several(what):
    yield 1
    yield misuse(what)
"""
SCHEMA = {
    "type": "object",
    "properties": {"what": {"type": "string"}, "size": {"type": "integer"}},
    "additionalProperties": False,
}
CAPS = Caps(
    timeout_seconds=1, memory_bytes=64 * 10**6, result_bytes=10_000, payload_bytes=1000, max_instances=2
)


class Row(NamedTuple):
    """A request, and what must be answered: status, code, figures, and words of the sentence."""

    body: Any
    status: int
    code: str
    figures: Mapping[str, Any]
    words: str
    path: str = "/functions/misuse"
    headers: Mapping[str, str] = {}
    method: str = "POST"


ROWS = {
    "no JSON": Row(b"{", 400, "malformed-request", {}, "not JSON: .* Send an object of named arguments"),
    "an array": Row([1], 400, "malformed-request", {}, "JSON array. Send an object"),
    "not of its type": Row(
        b"<a/>", 400, "malformed-request", {}, "Send application/json", headers={"Content-Type": "text/xml"}
    ),
    "a large body": Row(
        {"what": "x" * 2000},
        413,
        "payload-too-large",
        {"cap_bytes": 1000},
        r"2\.\d\d KB is over .* 1 KB\. Send less, or publish it with a larger --payload-size",
    ),
    "faults": Row(
        {"what": 1, "size": "a", "no": 1},
        422,
        "invalid-input",
        {"faults": lambda faults: {one["path"] for one in faults} == {"$", "$.what", "$.size"}},
        r"\$\.size",
    ),
    "no token": Row({}, 401, "unauthenticated", {}, "jupyter faas token", headers={"Authorization": ""}),
    "no function": Row(
        {}, 404, "not-found", {"nearest": "misuse"}, "Did you mean 'misuse'", path="/functions/misus"
    ),
    "no name near": Row(
        {}, 404, "not-found", {}, r"There are .*misuse|list` shows the \d+", path="/functions/zzzzzz"
    ),
    "no version": Row({}, 404, "not-found", {"nearest": "1"}, "latest one is 1", path="/functions/misuse@99"),
    "a version in use": Row(
        None,
        409,
        "conflict",
        {"aliases": ["latest"]},
        "latest leads to version 1 of misuse. Move that alias",
        path="/api/v1/functions/misuse/versions/1",
        method="DELETE",
    ),
    "no form": Row(
        {},
        406,
        "not-acceptable",
        {"available": lambda forms: "application/json" in forms},
        "application/json",
        headers={"Accept": "image/png"},
    ),
    "an exception": Row(
        {"what": "raise"},
        500,
        "handler-error",
        {"exception": "IndexError", "traceback": lambda frames: frames[-1]["text"] == "return [][1]"},
        "IndexError: list index out of range",
    ),
    "no network": Row({"what": "network"}, 500, "handler-error", {}, "Publish it with --network egress"),
    "its end": Row(
        {"what": "exit"}, 502, "crashed", {"exit_status": 7}, "exit status 7 .* instead of calling os._exit"
    ),
    "a signal": Row({"what": "abort"}, 502, "crashed", {"signal": "SIGABRT"}, "SIGABRT .* in the log"),
    "memory": Row({"what": "memory"}, 502, "out-of-memory", {"cap_bytes": 64 * 10**6}, "64 MB.* --memory"),
    "a large result": Row(
        {"what": "large"}, 502, "result-too-large", {"cap_bytes": 10_000}, "10 KB.*--result-size"
    ),
    "no form of JSON": Row(
        {"what": "object"},
        502,
        "result-not-encodable",
        {"path": "$.a[0]", "type_name": "object"},
        "object",
    ),
    "time": Row(
        {"what": "loop"},
        504,
        "timeout",
        {"phase": "run", "cap_seconds": 1, "elapsed_seconds": lambda seconds: 1 <= seconds < 3},
        r"ran for 1.* cap is 1 s.* --timeout",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    gateway.publish(SOURCE, "misuse", input_schema=SCHEMA, caps=CAPS)
    gateway.publish(SOURCE, "several", caps=CAPS)


def check(problem: dict[str, Any], row: Row) -> None:
    assert problem["code"] == row.code, problem
    assert problem["type"] == f"urn:jupyter-faas:error:{row.code}"
    assert problem["title"]
    for name, expected in row.figures.items():
        found = problem[name]
        assert expected(found) if callable(expected) else found == expected, (name, problem)
    assert re.search(row.words, problem["detail"], re.DOTALL), problem["detail"]


@pytest.mark.parametrize("name", ROWS)
def test_each_misuse_is_answered_by_its_row(gateway: Gateway, name: str) -> None:
    row = ROWS[name]
    body = row.body if isinstance(row.body, bytes) else json.dumps(row.body).encode()
    answer = gateway.request(row.method, row.path, body, row.headers)
    assert answer.status == row.status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == row.status
    check(answer.json, row)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.status in (500, 502, 504)])
def test_in_mid_stream_the_row_is_the_last_record(gateway: Gateway, name: str) -> None:
    row = ROWS[name]
    answer = gateway.request("POST", "/functions/several", json.dumps(row.body).encode())
    assert answer.status == 200, answer.body
    first, last = answer.body.splitlines()
    assert first == b"1"
    problem = json.loads(last)["error"]
    assert problem["status"] == row.status
    check(problem, row)


ODD = "a\nb\r\nc\rd\u2028e\u2029f\x0bg\x85h\x00i: \udcff data: x"


def test_events_survive_odd_payloads(gateway: Gateway) -> None:
    source = f"def odd():\n    yield {ODD!r}\n    yield ''\n    yield None\n    yield {{'event: x': [1]}}\n"
    gateway.publish(source, "odd")
    headers = {"Accept": "text/event-stream"}
    text = gateway.request("POST", "/functions/odd", b"{}", headers).body.decode()
    # WHATWG HTML §9.2.6: lines end with CR, LF or both, events with an empty line.
    events = [block for block in re.split(r"(?:\r\n|\r|\n){2}", text) if block]
    assert all(block.startswith("data: ") for block in events)
    got = [json.loads(block.removeprefix("data: ")) for block in events]
    assert got == [ODD, "", None, {"event: x": [1]}]
    lines = gateway.request("POST", "/functions/odd", b"{}").body.decode().split("\n")
    assert [json.loads(line) for line in lines if line] == got
    assert list(gateway.client.stream("odd")) == got
