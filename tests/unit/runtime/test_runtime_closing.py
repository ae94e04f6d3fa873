"""Streams that end from outside: their generators clean up, and nothing is left of them all the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.gateway.dispatch import slot
from jupyter_faas.model.wire import Kind
from runtime.closing import CLEANUP_SECONDS
from tests.unit.runtime.runtime_instance import Instance, await_end, instance

SOURCE = """
import asyncio, contextlib, os, subprocess, time

@contextlib.contextmanager
def noted(path):
    try:
        yield
    except BaseException as error:
        print("cleaned up after", type(error).__name__)
        open(path, "w").write(type(error).__name__)
        raise

def f(what, path="", n=0):
    if what == "async":
        return later(path)
    return stream(what, path, n)

def stream(what, path, n):
    if what == "pid":
        yield os.getpid()
        return
    with noted(path):
        if what != "silent":
            yield os.getpid()
        if what == "child":
            yield subprocess.Popen(["sleep", "1000"]).pid
        if what == "flood":
            while True:
                time.sleep(0.001)
                yield "x" * 1000
        while what == "loop":
            pass
        while what == "stubborn":
            try:
                time.sleep(1000)
            except BaseException:
                continue
        time.sleep(1000)

async def later(path):
    with noted(path):
        yield os.getpid()
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0.001)
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Instance]:
    with instance(SOURCE) as running:
        yield running


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("sleep", "GeneratorExit"),
        ("loop", "GeneratorExit"),
        ("silent", "GeneratorExit"),
        ("flood", "GeneratorExit"),
        ("async", "CancelledError"),
    ],
)
def test_a_generator_that_is_killed_cleans_up(
    running: Instance, tmp_path: Path, what: str, error: str
) -> None:
    running.logs.clear()
    path = tmp_path / "closed"
    running.call(what=what, path=str(path))
    if what == "silent":
        assert running.quiet(0.2), "the generator runs"
    else:
        pid = json.loads(running.expect(Kind.CHUNK).body)
    killed = killed_after(running)
    assert killed < 2 * CLEANUP_SECONDS + 1
    assert path.read_text() == error
    assert running.lines("stdout") == [f"cleaned up after {error}"]
    if what != "silent":
        await_end(pid)
    running.expect(Kind.READY)
    running.call(what="pid")
    assert json.loads(running.expect(Kind.CHUNK).body) > 0, "the next call is served"
    running.expect(Kind.RESULT)


def test_one_that_will_not_end_is_ended(running: Instance, tmp_path: Path) -> None:
    running.call(what="stubborn", path=str(tmp_path / "closed"))
    pid = json.loads(running.expect(Kind.CHUNK).body)
    assert running.quiet(0.2), "it sleeps"
    assert killed_after(running) >= CLEANUP_SECONDS
    await_end(pid)
    running.expect(Kind.READY)


def test_what_it_has_started_ends_with_it(running: Instance, tmp_path: Path) -> None:
    running.call(what="child", path=str(tmp_path / "closed"))
    running.expect(Kind.CHUNK)
    child = json.loads(running.expect(Kind.CHUNK).body)
    killed_after(running)
    await_end(child)
    assert (tmp_path / "closed").exists()
    running.expect(Kind.READY)


def test_the_gateway_waits_as_long_as_the_supervisor() -> None:
    assert slot.STREAM_CLEANUP_SECONDS == CLEANUP_SECONDS


def killed_after(running: Instance) -> float:
    """End the call; how long that took, in seconds."""
    begun = time.monotonic()
    running.send(Kind.KILL)
    while (frame := running.next()).kind == Kind.CHUNK:
        pass
    assert (frame.kind, frame.header["code"]) == (Kind.RESULT, "killed")
    return time.monotonic() - begun
