"""Calls over HTTP, as clients of every kind and temper make them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_faas.model.caps import Caps
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SUM_OF_VALUES = """
def sum_of_values(values, q=0.5):
    return {"q": q, "sum": sum(values)}
"""
SUM_OF_VALUES_SCHEMA = {
    "type": "object",
    "properties": {
        "values": {"type": "array", "items": {"type": "number"}},
        "q": {"type": "number", "default": 0.5},
    },
    "required": ["values"],
    "additionalProperties": False,
}
ECHO = """
def echo(**arguments):
    return arguments
"""
ECHO_SCHEMA = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "flag": {"type": "boolean"},
        "text": {"type": "string"},
        "many": {"type": "array", "items": {"type": "integer"}},
        "choice": {"enum": ["a", "b", 3]},
    },
}


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    gateway.publish(SUM_OF_VALUES, "sum_of_values", input_schema=SUM_OF_VALUES_SCHEMA)
    gateway.publish(ECHO, "echo", input_schema=ECHO_SCHEMA)
    gateway.publish("def open_to_all():\n    return 1 / 0\n", "open_to_all", public=True)
    gateway.publish("def small():\n    return 1\n", "small", caps=Caps(payload_bytes=1000))


def test_an_answer_carries_its_headers(gateway: Gateway) -> None:
    answer = gateway.request(
        "POST", "/functions/sum_of_values", b'{"values": [1, 2.5]}', {"traceparent": "00-0af7-b7ad-01"}
    )
    assert (answer.status, answer.json) == (200, {"q": 0.5, "sum": 3.5})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["faas-version"] == "1"
    assert answer.headers["traceparent"] == "00-0af7-b7ad-01"
    assert [part.split(";")[0].strip() for part in answer.headers["server-timing"].split(",")] == [
        "queue",
        "start",
        "run",
    ]
    invocation = gateway.client.invocation(answer.headers["faas-invocation-id"])
    assert (invocation["function"], invocation["version"], invocation["status"]) == ("sum_of_values", 1, 200)
    assert invocation["peak_bytes"] > 1_000_000
    assert invocation["run_ms"] > 0


def test_curl_without_a_content_type_sends_json(gateway: Gateway) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert gateway.request("POST", "/functions/sum_of_values", b'{"values": [1]}', form).json["sum"] == 1
    assert gateway.request("POST", "/functions/echo", b"count=2&text=a+b", form).json == {
        "count": 2,
        "text": "a b",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("count=3", {"count": 3}),
        ("ratio=2", {"ratio": 2}),
        ("ratio=null", {"ratio": None}),
        ("flag=true", {"flag": True}),
        ("text=5", {"text": "5"}),
        ("text=", {"text": ""}),
        ("text=gr%C3%BC%C3%9Fe", {"text": "grüße"}),
        ("many=1&many=2", {"many": [1, 2]}),
        ("many=1", {"many": [1]}),
        ("choice=a", {"choice": "a"}),
        ("choice=3", {"choice": 3}),
        ("other=1.5", {"other": 1.5}),
        ("", {}),
    ],
)
def test_get_reads_parameters_by_their_type(gateway: Gateway, query: str, expected: dict[str, Any]) -> None:
    answer = gateway.request("GET", f"/functions/echo?{query}")
    assert (answer.status, answer.json) == (200, expected), answer.body


@pytest.mark.parametrize("version", ["latest", "1"])
def test_a_version_can_be_named(gateway: Gateway, version: str) -> None:
    assert gateway.call(f"sum_of_values@{version}", {"values": []}).headers["faas-version"] == "1"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"{", "malformed-request", 400),
        (b"[1]", "malformed-request", 400),
        (b'"text"', "malformed-request", 400),
        (b'{"values": NaN}', "malformed-request", 400),
        (b'{"values": "\xff"}', "malformed-request", 400),
        (b"[" * 100_000, "malformed-request", 400),
        (b"{}", "invalid-input", 422),
        (b'{"values": 3}', "invalid-input", 422),
    ],
)
def test_bad_bodies(gateway: Gateway, body: bytes, code: str, status: int) -> None:
    answer = gateway.request("POST", "/functions/sum_of_values", body)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == f"urn:jupyter-faas:error:{code}"
    assert answer.json["status"] == status


def test_every_fault_is_reported_with_its_path(gateway: Gateway) -> None:
    answer = gateway.call("sum_of_values", {"values": [1, "two", None], "q": "half", "w": 1})
    assert answer.status == 422
    assert {fault["path"] for fault in answer.json["faults"]} == {"$", "$.q", "$.values[1]", "$.values[2]"}


def test_another_content_type_is_refused(gateway: Gateway) -> None:
    answer = gateway.request("POST", "/functions/echo", b"<a/>", {"Content-Type": "text/xml"})
    assert (answer.status, answer.code) == (400, "malformed-request")
    assert "application/json" in answer.json["detail"]


def test_unknown_function_names_the_nearest(gateway: Gateway) -> None:
    answer = gateway.call("sum_of_value")
    assert (answer.status, answer.code, answer.json["nearest"]) == (404, "not-found", "sum_of_values")
    assert gateway.call("sum_of_values@99").status == 404
    assert gateway.request("GET", "/nothing").status == 404
    assert gateway.request("PUT", "/functions/sum_of_values", b"{}").status == 405


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic abc", "Bearer", "token "])
def test_no_token_no_entry(gateway: Gateway, header: str) -> None:
    for path in ("/functions/sum_of_values", "/functions/no_such", "/api/v1/functions", "/api/v1/gateway"):
        method = "POST" if path.startswith("/functions") else "GET"
        body = b"{}" if method == "POST" else None
        answer = gateway.request(method, path, body, {"Authorization": header})
        assert (answer.status, answer.code) == (401, "unauthenticated"), (path, answer.body)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_jupyters_way_of_sending_a_token(gateway: Gateway) -> None:
    header = {"Authorization": f"token {gateway.token}"}
    assert gateway.request("POST", "/functions/echo", b"{}", header).status == 200


def test_a_public_function_hides_its_inside_from_strangers(gateway: Gateway) -> None:
    stranger = gateway.request("POST", "/functions/open_to_all", b"", {"Authorization": ""})
    assert (stranger.status, stranger.code) == (500, "handler-error")
    assert not {"traceback", "message", "exception"} & stranger.json.keys()
    assert "division" not in stranger.body.decode()
    owner = gateway.call("open_to_all")
    assert owner.json["exception"] == "ZeroDivisionError"


def test_a_body_over_the_cap_is_refused_unread(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    head = (
        f"POST /functions/small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
        f"Content-Length: {10_000_000 + 1000}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as connection:
        connection.sendall(head.encode())  # and nothing of the body
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["code"], problem["cap_bytes"]) == ("payload-too-large", 1000)
    assert problem["size_bytes"] == 10_001_000


def test_a_body_of_unknown_size_is_cut_off_at_the_cap(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    sent = 0

    def chunks() -> Any:
        nonlocal sent
        for _ in range(2000):
            sent += 100_000
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {gateway.token}"}
    try:
        connection.request("POST", "/functions/small", chunks(), headers, encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it stopped listening while we still sent
    else:
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert sent < 100_000_000
    assert gateway.call("small").json == 1


def test_a_caller_who_leaves_frees_the_slot(gateway: Gateway) -> None:
    source = "import time\ndef nap(seconds=0):\n    time.sleep(seconds)\n    return 'rested'\n"
    gateway.publish(source, "nap", caps=Caps(max_instances=1, timeout_seconds=60))
    with pytest.raises(TimeoutError):
        gateway.call("nap", {"seconds": 50}, timeout=0.5)
    begun = time.monotonic()
    assert gateway.call("nap").json == "rested"
    assert time.monotonic() - begun < 5
    statuses = eventually(lambda: [i["status"] for i in gateway.client.invocations("nap")], 5)
    assert 499 in statuses


def test_simultaneous_first_calls_share_their_starts(gateway: Gateway) -> None:
    source = "import time, os\nBORN = time.time()\ndef born():\n    time.sleep(0.05)\n    return BORN\n"
    gateway.publish(source, "born", caps=Caps(max_instances=2, idle_seconds=0))
    eventually(lambda: gateway.client.function("born")["instances"] == 0, 10, "the checked instance is gone")
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: gateway.call("born"), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json for answer in answers}) <= 4
    assert sum("start;dur=0.000" not in answer.headers["server-timing"] for answer in answers) >= 1


def test_a_full_queue_is_said_at_once(gateway: Gateway) -> None:
    source = "import time\ndef slow():\n    time.sleep(1.5)\n"
    gateway.publish(source, "slow", caps=Caps(max_instances=1))
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.call("slow", timeout=10))) for _ in range(110)
    ]
    for thread in threads:
        thread.start()
    refused = eventually(lambda: [a for a in answers if a.status == 429], 5)
    assert refused[0].code == "saturated"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].seconds < 1
    assert gateway.request("GET", "/healthz", headers={"Authorization": ""}).status == 200
    gateway.client.delete("slow")
    for thread in threads:
        thread.join()
    # Deleting a function is told to those who wait for it.
    assert {answer.status for answer in answers} <= {204, 404, 429}
    assert 404 in {answer.status for answer in answers}


def test_concurrency_runs_calls_side_by_side_in_one_instance(gateway: Gateway) -> None:
    source = "import os, time\ndef side():\n    time.sleep(0.4)\n    return os.getpid()\n"
    gateway.publish(source, "side", caps=Caps(max_instances=1, concurrency=3))
    eventually(lambda: gateway.call("side").status == 200, 5)
    begun = time.monotonic()
    with ThreadPoolExecutor(3) as callers:
        pids = {answer.json for answer in callers.map(lambda _: gateway.call("side"), range(3))}
    assert time.monotonic() - begun < 1.1
    assert len(pids) == 3
    assert gateway.client.function("side")["instances"] == 1


def test_idle_functions_go_to_zero_and_come_back(gateway: Gateway) -> None:
    gateway.publish("def rare():\n    return 1\n", "rare", caps=Caps(idle_seconds=0.3))
    assert gateway.call("rare").json == 1
    eventually(lambda: gateway.client.function("rare")["instances"] == 0, 10)
    answer = gateway.call("rare")
    assert answer.json == 1
    assert "start;dur=0.000" not in answer.headers["server-timing"]
    assert gateway.client.invocation(answer.headers["faas-invocation-id"])["cold"] is True


@pytest.mark.parametrize(
    "wire",
    [
        b"GARBAGE\r\n\r\n",
        b"POST /functions/echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /functions/echo HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /functions/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /functions/echo HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"\x00" * 1000,
    ],
)
def test_broken_http_does_not_break_the_gateway(gateway: Gateway, wire: bytes) -> None:
    address = urlsplit(gateway.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=5) as connection:
        connection.sendall(wire)
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.makefile("rb").read(100)
        except ConnectionResetError:
            answer = b""
    assert not answer or answer.split()[1][:1] == b"4"
    assert gateway.call("echo", {"text": "still here"}).status == 200


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON_VALUES)
def test_every_json_value_comes_back_as_it_went(gateway: Gateway, value: Any) -> None:
    answer = gateway.call("echo", {"anything": value})
    assert (answer.status, answer.json) == (200, {"anything": value}), answer.body


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_any_bytes_get_a_proper_answer(gateway: Gateway, body: bytes) -> None:
    answer = gateway.request("POST", "/functions/sum_of_values", body)
    assert answer.status in (200, 400, 422), answer.body


@pytest.mark.parametrize(
    ("head", "answers", "stays_open"),
    [
        (
            "POST /functions/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n{token}\r\n\r\n{{}}",
            [b"200"],
            True,
        ),
        ("GET /functions/echo HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n" * 3, [b"200"] * 3, True),
        ("GET /functions/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n\r\n", [b"200"], False),
        ("GET /functions/echo HTTP/1.0\r\n{token}\r\n\r\n", [b"200"], False),
        ("GET /functions/echo HTTP/1.0\r\nConnection: keep-alive\r\n{token}\r\n\r\n", [b"200"], True),
        ("HEAD /functions/echo HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n", [b"405"], True),
        ("OPTIONS /functions/echo HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n", [b"405"], True),
        ("GET /functions/echo HTTP/1.1\r\n{token}\r\n\r\n", [b"400"], False),
    ],
)
def test_http_as_it_is_written(gateway: Gateway, head: str, answers: list[bytes], stays_open: bool) -> None:
    """Pipelined, closing, old and odd requests; whether the connection still serves afterwards."""
    address = urlsplit(gateway.url)
    sent = head.format(token=f"Authorization: Bearer {gateway.token}").encode()
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 ") < len(answers):
            piece = connection.recv(65536)
            assert piece, received
            received += piece
        if stays_open:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            while b'{"status":"ok"}' not in received:
                received += connection.recv(65536)
        else:
            while piece := connection.recv(65536):
                received += piece
    assert [part.split()[0] for part in received.split(b"HTTP/1.1 ")[1 : len(answers) + 1]] == answers
