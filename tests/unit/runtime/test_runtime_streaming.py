"""Streams and contexts in a real instance."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jupyter_faas.model.wire import Kind
from tests.unit.runtime.runtime_instance import Instance, await_end, instance

SOURCE = """
import os, time
from jupyter_faas import Context, Response
def f(what, n=2, context: Context = None):
    if what == "context":
        return [context.invocation_id, context.caps, context.remaining_seconds() <= 30, context.logger.name]
    return stream(what, n)
def stream(what, n):
    if what == "count":
        for number in range(n):
            yield number
    if what == "pid":
        yield os.getpid()
        while True:
            time.sleep(1)
    if what == "exit":
        yield 1
        os._exit(3)
    if what == "raise":
        yield 1
        raise KeyError("x")
    if what == "fork":
        if os.fork() == 0:
            yield "the child's"
        os.wait()
        yield "the parent's"
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Instance]:
    with instance(SOURCE, workers=2, manifest={"caps": {"timeout_seconds": 30.0}}) as running:
        yield running


def test_chunks_come_before_the_result(running: Instance) -> None:
    running.call(what="count", n=3)
    chunks = [running.expect(Kind.CHUNK) for _ in range(3)]
    assert [chunk.body for chunk in chunks] == [b"0\n", b"1\n", b"2\n"]
    assert [chunk.header for chunk in chunks] == [{"type": "application/x-ndjson"}, {}, {}]
    result = running.expect(Kind.RESULT)
    assert (result.header["ok"], result.header["retired"], result.body) == (True, False, b"")


def test_kill_ends_a_stream_and_its_worker(running: Instance) -> None:
    running.call(what="pid")
    pid = json.loads(running.expect(Kind.CHUNK).body)
    running.send(Kind.KILL)
    result = running.expect(Kind.RESULT)
    assert (result.header["code"], result.header["retired"]) == ("killed", True)
    await_end(pid)
    running.expect(Kind.READY)
    running.call(what="count", n=1)
    assert running.expect(Kind.CHUNK).body == b"0\n"
    running.expect(Kind.RESULT)


@pytest.mark.parametrize(("what", "code"), [("exit", "crashed"), ("raise", "handler-error")])
def test_a_stream_that_breaks_off(running: Instance, what: str, code: str) -> None:
    running.call(1, what=what)
    assert running.expect(Kind.CHUNK, 1).body == b"1\n"
    result = running.expect(Kind.RESULT, 1)
    assert result.header["code"] == code
    if result.header["retired"]:
        running.expect(Kind.READY, 1)


def test_a_child_of_the_function_sends_nothing(running: Instance) -> None:
    running.call(what="fork")
    assert running.expect(Kind.CHUNK).body == b'"the parent\'s"\n'
    assert running.expect(Kind.RESULT).header["ok"] is True


def test_a_context(running: Instance) -> None:
    assert running.value(what="context") == ["c1", {"timeout_seconds": 30.0}, True, "f"]
    assert running.value(what="context", context="the caller's") == running.value(what="context")
