"""Streams under stress, of generators and asynchronous ones: slow readers, callers who leave, deadlines and
errors in mid-stream. Whatever ends a stream, the generator cleans up.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_faas.model.caps import Caps
from tests.support.gateway import Gateway
from tests.support.streaming import NDJSON, SSE, opened
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
import asyncio, os, time

def seen(note):
    return os.path.exists("/tmp/cleaned-" + note)

def plain(what="", n=3, size=1, note="up"):
    if what == "seen":
        yield seen(note)
        return
    try:
        for number in range(n):
            yield [number, "x" * size]
        if what == "raise":
            raise ValueError("in the middle")
        if what == "wait":
            time.sleep(1000)
        if what == "loop":
            while True:
                pass
    finally:
        print("cleaned up")
        open("/tmp/cleaned-" + note, "w").close()

async def later(what="", n=3, size=1, note="up"):
    if what == "seen":
        yield seen(note)
        return
    try:
        for number in range(n):
            await asyncio.sleep(0)
            yield [number, "x" * size]
        if what == "raise":
            raise ValueError("in the middle")
        if what in ("wait", "loop"):
            await asyncio.sleep(1000)
    finally:
        await asyncio.sleep(0.001)
        print("cleaned up")
        open("/tmp/cleaned-" + note, "w").close()
"""
CAPS = Caps(concurrency=4, max_instances=1, timeout_seconds=30)
BOTH = pytest.mark.parametrize("name", ["plain", "later"])
FORMS = pytest.mark.parametrize("accept", [NDJSON, SSE])


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    for name in ("plain", "later"):
        gateway.publish(SOURCE, name, caps=CAPS)
        gateway.publish(SOURCE, f"hasty_{name}", entry=name, caps=Caps(timeout_seconds=0.4, max_instances=1))


def items_in(body: bytes, accept: str) -> tuple[list[Any], dict[str, Any] | None]:
    """The items of a stream, and the problem that it ended with."""
    if accept == NDJSON:
        items = [json.loads(line) for line in body.splitlines()]
        ended = isinstance(items[-1], dict)
        return (items[:-1], items[-1]["error"]) if ended else (items, None)
    *items, last = body.decode().rstrip("\n").split("\n\n")
    kind, _, data = last.partition("\n")
    if kind == "event: error":
        return [json.loads(item.removeprefix("data: ")) for item in items], json.loads(data[6:])
    return [json.loads(item.removeprefix("data: ")) for item in [*items, last]], None


def cleaned_up(gateway: Gateway, invocation: str) -> bool:
    return "cleaned up" in [line["text"] for line in gateway.client.invocation(invocation)["logs"]]


@BOTH
@FORMS
def test_an_error_in_mid_stream_is_the_last_record(gateway: Gateway, name: str, accept: str) -> None:
    answer = gateway.request("POST", f"/functions/{name}", b'{"what": "raise"}', {"Accept": accept})
    assert (answer.status, answer.headers["content-type"]) == (200, accept)
    items, problem = items_in(answer.body, accept)
    assert items == [[0, "x"], [1, "x"], [2, "x"]]
    assert problem is not None
    assert (problem["code"], problem["exception"], problem["status"]) == ("handler-error", "ValueError", 500)
    assert cleaned_up(gateway, answer.headers["faas-invocation-id"])


@BOTH
@FORMS
@pytest.mark.parametrize("what", ["wait", "loop"])
def test_the_deadline_holds_in_mid_stream(gateway: Gateway, name: str, accept: str, what: str) -> None:
    body = json.dumps({"what": what}).encode()
    answer = gateway.request("POST", f"/functions/hasty_{name}", body, {"Accept": accept})
    items, problem = items_in(answer.body, accept)
    assert len(items) == 3
    assert problem is not None
    assert (problem["code"], problem["phase"], problem["status"]) == ("timeout", "run", 504)
    assert 0.4 <= problem["elapsed_seconds"] < answer.seconds < 3
    assert cleaned_up(gateway, answer.headers["faas-invocation-id"])
    assert gateway.call(f"hasty_{name}", {"n": 1}).status == 200


@BOTH
@FORMS
def test_a_caller_who_leaves_ends_the_stream(gateway: Gateway, name: str, accept: str) -> None:
    note = accept.partition("/")[2]
    with opened(gateway, name, {"what": "wait", "note": note}, accept) as answer:
        invocation = answer.headers["Faas-Invocation-Id"]
        assert answer.readline().startswith((b"[0", b"data: [0"))

    def statuses() -> list[int]:
        return [each["status"] for each in gateway.client.invocations(name) if each["id"] == invocation]

    assert eventually(statuses) == [499]
    seen = {"what": "seen", "note": note}
    eventually(lambda: gateway.client.invoke(name, seen) == [True], what="the generator's finally")


@BOTH
@FORMS
def test_a_slow_reader_gets_all_of_it(gateway: Gateway, name: str, accept: str) -> None:
    """Over a connection that holds a few kilobytes, while others are answered."""
    body = b'{"n": 300, "size": 5000}'
    address = urlsplit(gateway.url)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect((str(address.hostname), address.port))
        head = (
            f"POST /functions/{name} HTTP/1.0\r\nAuthorization: Bearer {gateway.token}\r\n"
            f"Accept: {accept}\r\nContent-Type: application/json\r\n"
        )
        reader.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answered, _, received = reader.recv(1024).partition(b"\r\n\r\n")
        assert b" 200 " in answered.splitlines()[0]
        assert gateway.call(name, {"n": 1}).seconds < 2
        while piece := reader.recv(2048):
            received += piece
    items, problem = items_in(unchunked(received), accept)
    assert problem is None
    assert items == [[number, "x" * 5000] for number in range(300)]


def unchunked(body: bytes) -> bytes:
    """The content of a chunked body (RFC 9112 §7.1), or the body itself."""
    if body.startswith((b"[", b"data:")):
        return body
    content = bytearray()
    while body:
        size, _, body = body.partition(b"\r\n")
        content += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return bytes(content)


@BOTH
def test_many_at_once_with_every_end(gateway: Gateway, name: str) -> None:
    """Readers, failures and callers who leave, more than there are workers; each gets what is its own."""
    wrong: list[Any] = []

    def call(number: int) -> None:
        what = ("", "raise", "wait")[number % 3]
        arguments = {"what": what, "n": number + 1}
        try:
            if what == "wait":
                with opened(gateway, name, arguments) as left:
                    first = json.loads(left.readline())
                assert first == [0, "x"]
                return
            answer = gateway.call(name, arguments)
            items, problem = items_in(answer.body, NDJSON)
            assert [item[0] for item in items] == list(range(number + 1))
            assert (problem is None) is (what == "")
        except Exception as error:
            wrong.append((number, error))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(24)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert time.monotonic() - begun < 30
    assert items_in(gateway.call(name, {"n": 2}).body, NDJSON) == ([[0, "x"], [1, "x"]], None)
