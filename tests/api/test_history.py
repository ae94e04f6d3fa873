"""What has happened: the history with its filters and pages, logs found and followed, errors in groups."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import GatewayUnavailable, MalformedRequest, NotFound
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

SOURCE = """
import logging, time
def f(what="ok", n=1):
    if what == "log":
        print("plain words")
        logging.getLogger("f").warning("a \\u00e9t\\u00e9 of %d", n)
    if what == "lines":
        for number in range(n):
            print("line", number, flush=True)
    if what == "fail":
        raise ValueError("no " + str(n))
    if what == "key":
        {}["missing"]
    if what == "wait":
        time.sleep(60)
    if what == "nap":
        time.sleep(0.3)
    if what == "flood":
        for number in range(n):
            print("x" * 1000)
    return what
"""
SEGMENTS = [{"line": 2, "count": 25, "cell": "In[7]", "cell_line": 1}]


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose function ``f`` was called in every way, in this order."""
    require_docker()
    with running(tmp_path_factory.mktemp("history")) as gateway:
        caps = Caps(timeout_seconds=2, log_bytes=20_000_000)
        gateway.publish(SOURCE, "f", caps=caps, segments=SEGMENTS)
        for what in ("ok", "log", "fail", "nap", "fail", "key"):
            gateway.call("f", {"what": what})
        gateway.publish(SOURCE + "\n", "f", caps=caps, segments=SEGMENTS, public=True)
        gateway.call("f@1", {"what": "fail", "n": 2})
        gateway.call("f", {"what": "wait"})
        gateway.request("POST", "/functions/f", b'{"what": "ok"}', {"Authorization": ""})
        yield gateway


def test_a_call_tells_all_about_itself(called: Gateway) -> None:
    public, timeout, numbered, *_, first = called.client.invocations("f")
    assert (first["version"], first["alias"], first["status"], first["code"]) == (1, "latest", 200, None)
    assert first["caller"] not in ("", "anonymous", called.token)
    assert (first["request_bytes"], first["result_bytes"]) == (len(b'{"what": "ok"}'), len(b'"ok"'))
    assert first["peak_bytes"] > 1_000_000
    assert first["start"] in ("warm", "cold")
    assert (numbered["version"], numbered["alias"]) == (1, None)
    assert (timeout["status"], timeout["code"]) == (504, "timeout")
    assert public["caller"] == "anonymous"
    assert called.token not in str(called.client.invocations("f"))


@pytest.mark.parametrize(
    ("filters", "statuses"),
    [
        ({"status": "5xx"}, [504, 500, 500, 500, 500]),
        ({"status": "504"}, [504]),
        ({"code": "handler-error", "version": "1"}, [500, 500, 500, 500]),
        ({"version": "2"}, [200, 504]),
        ({"min_duration": "200ms", "max_duration": "1s"}, [200]),
        ({"since": "1h", "status": "504"}, [504]),
        ({"until": "1h"}, []),
        ({"until": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_filters(called: Gateway, filters: dict[str, str], statuses: list[int]) -> None:
    assert [call["status"] for call in called.client.invocations("f", 20, **filters)] == statuses
    assert [call["status"] for call in called.client.invocations(None, 20, **filters)] == statuses


def test_pages_follow_each_other(called: Gateway) -> None:
    every = [call["id"] for call in called.client.invocations("f", 100)]
    path, found = "/api/v1/functions/f/invocations?limit=2", []
    cursor: str | None = ""
    while cursor is not None:
        page = called.request("GET", f"{path}&cursor={cursor}" if cursor else path).json
        found += [call["id"] for call in page["invocations"]]
        cursor = page["next"]
    assert found == every
    assert len(every) == 9


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status=6xx", "no HTTP status"),
        ("since=yesterday", "no time"),
        ("min_duration=5", "no duration"),
        ("version=latest", "no version"),
        ("code=Bad!", "no code"),
        ("cursor=xyz", "cursor='xyz' is none"),
        ("limit=0", "limit"),
        ("colour=red", "no parameter 'colour'"),
    ],
)
def test_what_makes_no_sense_is_named(called: Gateway, query: str, said: str) -> None:
    answer = called.request("GET", f"/api/v1/functions/f/invocations?{query}")
    assert (answer.status, answer.code) == (400, "malformed-request")
    assert said in answer.json["detail"]


def test_unknown_ones_and_strangers(called: Gateway) -> None:
    for ask in (called.client.invocations, called.client.errors, called.client.logs):
        with pytest.raises(NotFound):
            ask("g")
    for path in ("invocations", "functions/f/errors", "functions/f/logs", "functions/f/invocations"):
        assert called.request("GET", f"/api/v1/{path}", headers={"Authorization": ""}).status == 401


def test_errors_are_grouped(called: Gateway) -> None:
    timeout, key, value = sorted(called.client.errors("f"), key=lambda group: group["count"])
    assert (value["exception"], value["count"], value["versions"]) == ("ValueError", 3, [1])
    assert (value["cell"], value["line"], value["message"]) == ("In[7]", 10, "no 2")
    assert value["first"] < value["last"]
    assert called.client.invocation(value["invocation"])["problem"]["message"] == "no 2"
    assert {key["exception"], timeout["exception"]} == {"KeyError", None}
    assert {key["code"], timeout["code"]} == {"handler-error", "timeout"}


def test_logs_are_searched(called: Gateway) -> None:
    words, summer = called.client.logs("f")
    assert (words["stream"], words["level"], words["text"]) == ("stdout", None, "plain words")
    assert (summer["stream"], summer["level"], summer["text"]) == ("WARNING", "WARNING", "a été of 1")
    for filters, found in (
        ({"text": "PLAIN"}, [words]),
        ({"text": "Été"}, [summer]),
        ({"level": "info"}, [summer]),
        ({"level": "stdout"}, [words]),
        ({"level": "error"}, []),
        ({"since": "1h"}, [words, summer]),
        ({"until": "1h"}, []),
        ({"invocation": words["invocation"], "text": "words"}, [words]),
        ({"invocation": "ffff"}, []),
    ):
        assert called.client.logs("f", **filters) == found, filters
    with pytest.raises(MalformedRequest, match="no level"):
        called.client.logs("f", level="loud")


def test_logs_come_in_pages(called: Gateway) -> None:
    called.publish(SOURCE.replace("def f", "def many"), "many")
    for _ in range(3):
        called.call("many", {"what": "lines", "n": 7})
    every = called.client.logs("many", 100)
    assert len(every) == 21
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        path = "/api/v1/functions/many/logs?limit=4"
        page = called.request("GET", f"{path}&cursor={cursor}" if cursor else path).json
        found[:0] = page["logs"]
        cursor = page["next"]
    assert found == every
    assert called.client.logs("many", 3) == every[-3:]


class Listener:
    """Follows a function's logs beside the test."""

    def __init__(self, gateway: Gateway, name: str, **filters: str) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self._client = GatewayClient(Connection(gateway.url, gateway.token))
        self._stream = self._client.follow_logs(name, 10, **filters)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def texts(self) -> list[object]:
        return [data["text"] for name, data in self.events if name == "log"]

    def _listen(self) -> None:
        with contextlib.suppress(GatewayUnavailable):  # the gateway's end is that of the stream
            for event in self._stream:
                self.events.append(event)


def test_logs_are_followed_as_they_are_written(called: Gateway) -> None:
    called.publish(
        SOURCE.replace("def f", "def live").replace("flush=True)", "flush=True); time.sleep(0.2)"), "live"
    )
    called.call("live", {"what": "lines", "n": 1})
    first, second = Listener(called, "live"), Listener(called, "live", text="line 2")
    eventually(lambda: first.texts == ["line 0"], 5, "what was written before")
    time.sleep(0.3)
    call = threading.Thread(target=called.call, args=("live", {"what": "lines", "n": 6}), daemon=True)
    call.start()
    eventually(lambda: "line 2" in first.texts, 5, "a line before the call has ended")
    assert call.is_alive()
    call.join()
    expected = ["line 0", *(f"line {number}" for number in range(6))]
    eventually(lambda: first.texts == expected, 5, "every line, once")
    eventually(lambda: second.texts == ["line 2"], 5, "what the other's filter lets through")


def test_who_does_not_read_slows_nothing_and_learns_what_was_missed(called: Gateway) -> None:
    called.publish(SOURCE.replace("def f", "def flood"), "flood", caps=Caps(log_bytes=20_000_000))
    called.call("flood")
    alone = called.call("flood", {"what": "flood", "n": 4000}).seconds
    client = GatewayClient(Connection(called.url, called.token))
    stream = client.follow_logs("flood", 1)
    next(stream)  # and then reads no more, while some 16 MB are written
    calls = [called.call("flood", {"what": "flood", "n": 4000}) for _ in range(4)]
    assert [call.status for call in calls] == [200] * 4
    assert min(call.seconds for call in calls) < 2 * alone + 0.5
    missed = next(data["lines"] for name, data in stream if name == "missed")
    assert missed > 1000
    stream.close()


def test_the_history_outlives_the_gateway_and_is_bounded(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", "--GatewayApp.history=100") as gateway:
        gateway.publish(SOURCE, "f")
        for _ in range(105):
            gateway.call("f", {"what": "ok"})
        last = gateway.request("POST", "/functions/f", b"{}").headers["faas-invocation-id"]
        gateway.stop()
        gateway.start()
        assert gateway.client.invocations("f")[0]["id"] == last
        eventually(lambda: len(gateway.client.invocations("f", 1000)) == 100, 15, "the oldest are dropped")
        gateway.stop()
        with closing(sqlite3.connect(gateway.folder / "data" / "gateway.sqlite")) as database:
            old = "UPDATE invocations SET started = started - 91 * 86400 WHERE sequence <= 46"
            database.execute(old)
            database.commit()
        gateway.start()
        eventually(lambda: len(gateway.client.invocations("f", 1000)) == 60, 15, "those of 91 days ago, too")
        assert gateway.client.invocations("f")[0]["id"] == last
