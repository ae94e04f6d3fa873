"""Results in every form, and streams, from the real gateway and real containers."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_faas.model import errors
from jupyter_faas.model.caps import Caps
from tests.support.gateway import Answer, Gateway
from tests.support.streaming import NDJSON, SSE, opened
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

RESULTS = """
from jupyter_faas import Context, Response

class Shown:
    def _repr_html_(self):
        return "<b>ü</b>"
    def _repr_svg_(self):
        return "<svg/>"

def results(what, context: Context):
    if what == "response":
        return Response({"made": 1}, status=201, headers={"Location": "/x", "Cache-Control": "max-age=5"})
    if what == "html":
        return Response("<h1>Hi</h1>", headers={"Content-Type": "text/html; charset=utf-8"})
    if what == "gone":
        return Response(status=410)
    if what == "cookie":
        return Response(1, headers={"Set-Cookie": "a=b"})
    if what == "context":
        context.logger.info("said by %s", context.invocation_id)
        return [context.invocation_id, context.remaining_seconds(), context.caps["timeout_seconds"]]
    return {"none": None, "bytes": b"\\x00\\xff", "text": "grüße", "dict": {"a": 1}, "shown": Shown()}[what]
"""
STREAMS = """
import asyncio, itertools, os, time

def streams(what, n=3, path="/tmp/go"):
    if what == "count":
        yield from range(n)
    if what == "wait":
        yield "first"
        while not os.path.exists(path):
            time.sleep(0.01)
        yield "second"
    if what == "raise":
        yield 1
        raise ValueError("in the middle")
    if what == "flood":
        for number in itertools.count():
            yield "x" * 1000
    if what == "forever":
        try:
            yield os.getpid()
            time.sleep(1000)
        finally:
            open("/tmp/closed", "w").close()
    if what == "go":
        open(path, "w").close()
        yield "gone"
    if what == "strange":
        yield 1
        yield object()

async def letters(n):
    for letter in "abc"[:n]:
        await asyncio.sleep(0)
        yield {"letter": letter}
"""


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    gateway.publish(RESULTS, "results")
    caps = Caps(concurrency=2, max_instances=1, timeout_seconds=30)
    gateway.publish(STREAMS, "streams", caps=caps)
    gateway.publish(STREAMS, "letters")
    gateway.publish(STREAMS, "hasty", entry="streams", caps=Caps(timeout_seconds=0.5, max_instances=1))
    gateway.publish(STREAMS, "narrow", entry="streams", caps=Caps(result_bytes=200_000, max_instances=1))


def call(gateway: Gateway, what: str, accept: str = "", name: str = "results") -> Answer:
    headers = {"Accept": accept} if accept else {}
    return gateway.request("POST", f"/functions/{name}", json.dumps({"what": what}).encode(), headers)


@pytest.mark.parametrize(
    ("what", "accept", "status", "content_type", "body"),
    [
        ("none", "", 204, None, b""),
        ("none", "text/csv", 204, None, b""),
        ("none", "application/json", 200, "application/json", b"null"),
        ("bytes", "", 200, "application/octet-stream", b"\x00\xff"),
        ("bytes", "*/*", 200, "application/octet-stream", b"\x00\xff"),
        ("bytes", "application/json", 200, "application/json", b'"AP8="'),
        ("text", "", 200, "application/json", '"grüße"'.encode()),
        ("text", "text/plain, */*;q=0.5", 200, "text/plain; charset=utf-8", "grüße".encode()),
        ("dict", "text/html;q=0.9, */*;q=0.1", 200, "application/json", b'{"a":1}'),
        ("shown", "", 200, "text/html; charset=utf-8", "<b>ü</b>".encode()),
        ("shown", "image/*", 200, "image/svg+xml", b"<svg/>"),
        ("response", "", 201, "application/json", b'{"made":1}'),
        ("html", "", 200, "text/html; charset=utf-8", b"<h1>Hi</h1>"),
        ("gone", "", 410, "application/json", b""),
    ],
)
def test_a_result_in_the_form_that_is_asked_for(
    gateway: Gateway, what: str, accept: str, status: int, content_type: str | None, body: bytes
) -> None:
    answer = call(gateway, what, accept)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("content-type") == content_type
    assert answer.headers["vary"] == "Accept"


def test_what_is_not_available_is_said_with_what_is(gateway: Gateway) -> None:
    answer = call(gateway, "dict", "text/csv, application/json;q=0")
    assert (answer.status, answer.code) == (406, "not-acceptable")
    assert answer.json["available"] == ["application/json"]
    assert call(gateway, "dict", "text/csv," + "x/y," * 1000).code == "malformed-request"


def test_headers_that_a_function_chose(gateway: Gateway) -> None:
    answer = call(gateway, "response")
    assert (answer.headers["location"], answer.headers["cache-control"]) == ("/x", "max-age=5")
    assert gateway.client.invocation(answer.headers["faas-invocation-id"])["status"] == 201
    refused = call(gateway, "cookie")
    assert (refused.status, refused.code) == (502, "result-not-encodable")
    assert "'Set-Cookie' is not a function's to set" in refused.json["detail"]


def test_the_context_knows_the_call(gateway: Gateway) -> None:
    answer = call(gateway, "context")
    invocation, remaining, timeout = answer.json
    assert invocation == answer.headers["faas-invocation-id"]
    assert 0 < remaining <= timeout == 30
    logs = gateway.client.invocation(invocation)["logs"]
    assert [(line["stream"], line["text"]) for line in logs] == [("INFO", f"said by {invocation}")]


def test_the_client_decodes_by_content_type(gateway: Gateway) -> None:
    client = gateway.client
    assert client.invoke("results", {"what": "none"}) is None
    assert client.invoke("results", {"what": "bytes"}) == b"\x00\xff"
    assert client.invoke("results", {"what": "text"}) == "grüße"
    assert client.invoke("streams", {"what": "count"}) == [0, 1, 2]
    assert client.answer("results", {"what": "text"}, "text/plain").body.decode() == "grüße"


def test_a_stream_as_lines_as_events_and_as_an_array(gateway: Gateway) -> None:
    answer = call(gateway, "count", name="streams")
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON)
    assert answer.body == b"0\n1\n2\n"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["faas-version"] == "1"
    assert "start;dur=" in answer.headers["server-timing"]
    record = gateway.client.invocation(answer.headers["faas-invocation-id"])
    assert (record["status"], record["code"]) == (200, None)
    assert call(gateway, "count", SSE, "streams").body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert call(gateway, "count", "application/json", "streams").json == [0, 1, 2]
    refused = call(gateway, "count", "text/csv", "streams")
    assert refused.json["available"] == [NDJSON, SSE, "application/json"]
    assert list(gateway.client.stream("letters", {"n": 2})) == [{"letter": "a"}, {"letter": "b"}]


def test_a_stream_without_items_is_an_empty_answer(gateway: Gateway) -> None:
    answer = gateway.call("streams", {"what": "count", "n": 0})
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, NDJSON, b"")
    assert list(gateway.client.stream("streams", {"what": "count", "n": 0})) == []


def test_the_first_item_comes_before_the_second_is_made(gateway: Gateway) -> None:
    items = gateway.client.stream("streams", {"what": "wait"})
    assert next(items) == "first"
    gateway.call("streams", {"what": "go"})  # which the second item waits for
    assert list(items) == ["second"]


@pytest.mark.parametrize(("what", "code"), [("raise", "handler-error"), ("strange", "result-not-encodable")])
def test_an_error_after_the_first_item_ends_the_stream(gateway: Gateway, what: str, code: str) -> None:
    answer = call(gateway, what, name="streams")
    first, last = answer.body.splitlines()
    assert (answer.status, first) == (200, b"1")
    assert json.loads(last)["error"]["code"] == code
    event = call(gateway, what, SSE, "streams").body.decode().split("\n\n")[1]
    assert event.startswith("event: error\ndata: {")
    items = gateway.client.stream("streams", {"what": what})
    assert next(items) == 1
    with pytest.raises(errors.InvocationError):
        next(items)
    record = gateway.client.invocation(answer.headers["faas-invocation-id"])
    assert record["code"] == code


def test_the_deadline_holds_in_mid_stream(gateway: Gateway) -> None:
    items = gateway.client.stream("hasty", {"what": "forever"})
    first = next(items)
    with pytest.raises(errors.InvocationTimeout) as caught:
        next(items)
    assert caught.value.figures["phase"] == "run"
    assert gateway.client.invoke("hasty", {"what": "count", "n": 1}) == [0], first


def test_a_caller_who_leaves_in_mid_stream_frees_the_slot(gateway: Gateway) -> None:
    items = gateway.client.stream("narrow", {"what": "forever"})
    next(items)
    items.close()
    # The only slot of the only instance: this is answered once the stream has been ended.
    assert gateway.call("narrow", {"what": "count"}).status == 200
    statuses = eventually(lambda: [i["status"] for i in gateway.client.invocations("narrow")], 5)
    assert 499 in statuses


def test_the_result_cap_bounds_the_sum(gateway: Gateway) -> None:
    items = gateway.client.stream("narrow", {"what": "flood"})
    received: list[str] = []
    with pytest.raises(errors.ResultTooLarge) as caught:
        received.extend(items)
    assert 190 <= len(received) <= 200
    assert caught.value.figures["cap_bytes"] == 200_000


FORGER = """
import json, os, socket, struct, time

def forger(type, size=50_000, times=100):
    control = socket.socket(fileno=os.dup(3))
    header, body = json.dumps({"type": type, "headers": {"Set-Cookie": "a=b"}}).encode(), b"x" * size
    for _ in range(times):
        control.sendall(struct.pack(">BHII", 21, 0, len(header), len(body)) + header + body)
    time.sleep(60)
"""


def test_chunks_that_a_function_forges_are_bounded_and_checked(gateway: Gateway) -> None:
    gateway.publish(FORGER, "forger", caps=Caps(result_bytes=200_000, max_instances=1, timeout_seconds=20))
    answer = gateway.call("forger", {"type": NDJSON})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    received, _, record = answer.body.partition(b'{"error"')
    assert received == b"x" * 200_000
    assert b"result-too-large" in record
    page = gateway.call("forger", {"type": "text/html", "times": 1})
    assert (page.status, page.code) == (502, "crashed")
    assert gateway.call("forger", {"type": NDJSON, "times": 5, "size": 200_001}).code == "crashed"


def test_a_reader_who_does_not_read_costs_no_more_than_the_cap(gateway: Gateway) -> None:
    """Twenty callers ask for endless streams and read nothing."""
    cap = 1_000_000
    gateway.publish(STREAMS, "endless", entry="streams", caps=Caps(result_bytes=cap, max_instances=1))
    gateway.call("endless", {"what": "count"})
    before = resident_bytes(gateway.pid)
    address = urlsplit(gateway.url)
    body = b'{"what": "flood"}'
    head = (
        f"POST /functions/endless HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    readers = []
    try:
        for _ in range(20):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((str(address.hostname), address.port))
            reader.sendall(head.encode() + body)
            readers.append(reader)
        eventually(lambda: ends(gateway, "endless") == 20, 30, "every stream was ended at its cap")
        assert resident_bytes(gateway.pid) - before < 20 * 3 * cap
        first = http.client.HTTPResponse(readers[0])
        first.begin()
        assert json.loads(first.read().splitlines()[-1])["error"]["code"] == "result-too-large"
    finally:
        for reader in readers:
            reader.close()


def test_a_long_stream_arrives_whole(gateway: Gateway) -> None:
    with opened(gateway, "streams", {"what": "count", "n": 100_000}) as answer:
        assert answer.readline() == b"0\n"
        assert sum(1 for _ in answer) == 99_999


def ends(gateway: Gateway, name: str) -> int:
    return sum(each["code"] == "result-too-large" for each in gateway.client.invocations(name, 100))


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
