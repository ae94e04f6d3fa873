"""An image that serves HTTP by itself."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model import errors
from tests.unit.runtime.runtime_instance import (
    DEADLINE_SECONDS,
    alive,
    await_end,
    await_file,
    free_port,
    make_root,
)

SOURCE = """
import os, time
print("imported")
def f(n, label="x", ratio=0.5, flag=None, file=None):
    if n < 0:
        raise ValueError("negative")
    if n == 99:
        with open(file, "w") as out:
            out.write(str(os.getpid()))
        while True:
            pass
    if n == 98:
        os._exit(1)
    if n == 97:
        time.sleep(0.2)
    print("called with", n)
    return {"n": n, "label": label, "ratio": ratio, "flag": flag}
"""
SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"},
        "label": {"type": "string"},
        "ratio": {"type": "number"},
        "flag": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "file": {"type": "string"},
    },
    "required": ["n"],
    "additionalProperties": False,
}
CAPS = {"timeout_seconds": 0.5, "payload_bytes": 200, "concurrency": 2}


class Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self.output = output

    def request(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, Any, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, json.loads(response.read()), response
        finally:
            connection.close()

    def post(self, path: str = "/", **arguments: Any) -> tuple[int, Any]:
        status, body, _ = self.request("POST", path, json.dumps(arguments).encode())
        return status, body

    def await_health(self, wanted: str) -> int:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            assert time.monotonic() < deadline
            try:
                status, body, _ = self.request("GET", "/healthz")
            except ConnectionRefusedError:
                time.sleep(0.01)
                continue
            if body["status"] == wanted:
                return status
            time.sleep(0.01)


@contextmanager
def serving(folder: Path, source: str, **caps: float) -> Iterator[Server]:
    root = make_root(folder, source, input_schema=SCHEMA, caps={**CAPS, **caps})
    port = free_port()
    variables = {"PATH": os.environ["PATH"], "PORT": str(port), "GREETING": "hello"}
    with (folder / "output").open("wb") as output:
        command = [sys.executable, "-I", str(root / "start.py")]
        process = subprocess.Popen(command, env=variables, stdout=output)
    try:
        yield Server(process, port, folder / "output")
    finally:
        process.terminate()
        try:
            process.wait(5)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("standalone"), SOURCE) as running:
        assert running.await_health("ok") == 200
        yield running


def test_a_call(server: Server) -> None:
    expected = {"n": 5, "label": "x", "ratio": 0.5, "flag": None}
    status, body, response = server.request("POST", "/", b'{"n": 5}')
    assert (status, body) == (200, expected)
    assert response.headers["Content-Type"] == "application/json"
    assert len(response.headers["Faas-Invocation-Id"]) == 32
    assert response.headers["Server-Timing"].startswith("queue;dur=")
    assert server.post("/functions/f", n=5) == (200, expected)
    line = json.loads(await_file(server.output).splitlines()[0])
    assert (line["s"], line["m"]) == ("stdout", "imported")


def test_arguments_in_a_query_have_the_types_of_the_schema(server: Server) -> None:
    status, body, _ = server.request("GET", "/?n=5&label=7&ratio=2&flag=true")
    assert (status, body) == (200, {"n": 5, "label": "7", "ratio": 2, "flag": True})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/", b"{", 400, "malformed-request"),
        ("POST", "/", b"[1]", 400, "malformed-request"),
        ("POST", "/", b'{"n": "' + b"x" * 200 + b'"}', 413, "payload-too-large"),
        ("POST", "/elsewhere", b'{"n": 1}', 404, "not-found"),
        ("POST", "/", b'{"n": "five", "m": 1}', 422, "invalid-input"),
        ("GET", "/", None, 422, "invalid-input"),
        ("POST", "/", b'{"n": -1}', 500, "handler-error"),
        ("POST", "/", b'{"n": 98}', 502, "crashed"),
    ],
)
def test_errors_are_problems(
    server: Server, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    got, problem, response = server.request(method, path, body)
    assert (got, problem["code"], problem["status"]) == (status, code, status)
    assert response.headers["Content-Type"] == "application/problem+json"
    error = errors.error_from_problem(problem)
    assert (error.code, error.title) == (code, problem["title"])
    assert problem["type"] == error.problem()["type"]


def test_every_fault_is_named(server: Server) -> None:
    _, problem = server.post(m=1, flag=3)
    assert [fault["path"] for fault in problem["faults"]] == ["$.n", "$.m", "$.flag"]


def test_a_call_past_its_time_is_ended(server: Server, tmp_path: Path) -> None:
    start = time.monotonic()
    status, problem = server.post(n=99, file=str(tmp_path / "pid"))
    assert 0.5 <= time.monotonic() - start < 0.75
    assert (status, problem["code"], problem["phase"]) == (504, "timeout", "run")
    assert problem["cap_seconds"] == 0.5
    assert not alive(int((tmp_path / "pid").read_text()))
    assert server.post(n=1)[0] == 200


def test_calls_wait_for_a_free_worker(server: Server) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(server.post(n=97)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4


def test_more_calls_than_may_wait_are_refused(server: Server) -> None:
    answers: list[tuple[int, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(server.post(n=97))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {status for status, _ in answers}
    assert statuses <= {200, 429, 504}
    assert 429 in statuses


def test_a_function_that_can_not_start_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, "import not_there") as server:
        assert server.await_health("failed") == 503
        status, problem = server.post(n=1)
        assert (status, problem["code"]) == (502, "init-error")
        assert problem["exception"] == "ModuleNotFoundError"


def test_it_ends_with_a_signal(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, timeout_seconds=30) as server:
        server.await_health("ok")
        failed: list[BaseException] = []

        def call() -> None:
            try:
                server.post(n=99, file=str(tmp_path / "pid"))
            except (OSError, http.client.HTTPException) as error:
                failed.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        pid = int(await_file(tmp_path / "pid"))
        server.process.terminate()
        assert server.process.wait(5) == 0
        await_end(pid)
        thread.join()
        assert failed


def test_arguments_become_what_the_annotations_say(tmp_path: Path) -> None:
    source = (
        "import datetime as dt\ndef f(n: int, label: dt.date): return (label + dt.timedelta(n)).isoformat()"
    )
    with serving(tmp_path, source) as server:
        server.await_health("ok")
        assert server.post(n=1, label="2024-02-28") == (200, "2024-02-29")
        assert server.request("GET", "/?n=2&label=2024-02-28")[:2] == (200, "2024-03-01")
        status, problem = server.post(n=1, label="tomorrow")
        assert (status, problem["code"]) == (422, "invalid-input")
        assert problem["faults"][0]["path"] == "$.label"


STREAMING = """
import itertools, os, time
from jupyter_faas import Response
def f(n, label):
    what = label
    if what == "table":
        return Response("a,b", 201, {"Content-Type": "text/csv", "X-Mine": "1"})
    return None if what == "none" else stream(what)
def stream(what):
    yield os.getpid()
    if what == "raise":
        raise ValueError("later")
    while what == "forever":
        time.sleep(0.01)
    if what == "flood":
        for _ in itertools.count():
            yield "x" * 1000
"""


def test_results_and_streams(tmp_path: Path) -> None:
    caps = {"concurrency": 1, "timeout_seconds": 2.0, "result_bytes": 10**8}
    with serving(tmp_path, STREAMING, **caps) as running:
        running.await_health("ok")
        status, body, response = ask(running, "table")
        assert (status, body, response.getheader("Content-Type")) == (201, b"a,b", "text/csv")
        assert (response.getheader("X-Mine"), response.getheader("Vary")) == ("1", "Accept")
        assert ask(running, "none")[:2] == (204, b"")
        refused = ask(running, "once", "image/png")
        assert (refused[0], json.loads(refused[1])["code"]) == (406, "not-acceptable")
        status, body, response = ask(running, "raise")
        first, last = body.splitlines()
        assert (status, response.getheader("Transfer-Encoding")) == (200, "chunked")
        assert json.loads(last)["error"]["message"] == "later"
        overdue = ask(running, "forever", "text/event-stream")[1].decode()
        assert "event: error\ndata: {" in overdue
        assert '"code": "timeout"' in overdue
        # A caller who leaves frees the only worker before the stream's own time is over.
        connection, _ = begin(running, "flood")
        connection.close()
        assert int(ask(running, "once")[1]) != int(first)


def begin(
    running: Server, what: str, accept: str = "*/*"
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=DEADLINE_SECONDS)
    connection.request("POST", "/", json.dumps({"n": 0, "label": what}), {"Accept": accept})
    return connection, connection.getresponse()


def ask(running: Server, what: str, accept: str = "*/*") -> tuple[int, bytes, http.client.HTTPResponse]:
    connection, response = begin(running, what, accept)
    body = response.read()
    connection.close()
    return response.status, body, response
