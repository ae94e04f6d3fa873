"""Workers with a line of their own to the gateway: what takes it, and what goes through the supervisor."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.model.wire import Kind
from runtime.gauge import Gauge
from runtime.notes import MAX_SLOTS, Notes
from runtime.processes import Ended
from tests.support.waiting import eventually
from tests.unit.runtime.runtime_instance import Instance, instance

SOURCE = """
import os, socket, stat, subprocess, sys
def sockets():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.append(int(name))
        except OSError:
            pass
    return sorted(found)
def f(what="", n=0, text=""):
    if what == "print":
        print(text, flush=True)
    if what == "print unfinished":
        os.write(1, text.encode())
    if what == "child prints":
        subprocess.run(["sh", "-c", "echo " + text])
    if what == "raise":
        raise ValueError(text)
    if what == "exit":
        os._exit(n)
    if what == "close the line":
        os.close(sockets()[-1])
    if what == "own":
        return os.getpid()
    return n
def g(n=0):
    yield n
    yield n + 1
"""


@pytest.fixture(scope="module")
def shared() -> Any:
    with instance(SOURCE) as running:
        yield running


def went_directly(running: Instance, **arguments: Any) -> bool:
    before = running.direct
    running.result(**arguments)
    return running.direct > before


def test_plain_results_take_the_line(shared: Instance) -> None:
    assert all(went_directly(shared, n=n) for n in range(10))
    assert [shared.value(n=n) for n in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("what", ["print", "print unfinished", "child prints"])
def test_what_a_call_wrote_is_there_before_its_result(shared: Instance, what: str) -> None:
    for number in range(20):
        assert not went_directly(shared, what=what, text=f"{what} {number}")
        assert shared.lines("stdout")[-1] == f"{what} {number}"
    assert went_directly(shared)


def test_an_exception_goes_through_the_supervisor(shared: Instance) -> None:
    assert not went_directly(shared, what="raise", text="no")
    assert went_directly(shared)


def test_a_stream_goes_through_the_supervisor() -> None:
    with instance(SOURCE, manifest={"entry": "g"}) as running:
        for n in range(3):
            running.call(n=n)
            assert [running.expect(Kind.CHUNK).body for _ in range(2)] == [
                f"{n}\n".encode(),
                f"{n + 1}\n".encode(),
            ]
            assert running.expect(Kind.RESULT).header["ok"]
        assert running.direct == 0


def test_a_worker_that_crashes_says_how_many_calls_it_began(shared: Instance) -> None:
    shared.failure(what="exit", n=1)
    shared.expect(Kind.READY)
    shared.value()
    shared.value()
    header = shared.failure(what="exit", n=7)
    assert header["calls"] == 3
    assert header["figures"] == {"exit_status": 7}
    assert header["usage"]["run_seconds"] < 5
    shared.expect(Kind.READY)


def test_a_line_that_user_code_closes_costs_a_worker(shared: Instance) -> None:
    before = shared.value(what="own")
    frame = shared.result(what="close the line", n=5)
    assert (frame.header["ok"], frame.body) == (True, b"5")
    shared.expect(Kind.READY)
    assert shared.value(what="own") != before
    assert went_directly(shared)


def test_a_worker_that_ends_between_calls_is_replaced(shared: Instance) -> None:
    before = shared.value(what="own")
    eventually(lambda: Path(f"/proc/{before}/stat").read_text().rpartition(")")[2].split()[0] == "S")
    os.kill(before, 9)
    shared.expect(Kind.READY)
    assert shared.value(what="own") != before


def test_a_kill_is_answered_though_the_call_has_just_ended(shared: Instance) -> None:
    """The gateway counts on one answer, and can't know."""
    shared.value()
    shared.send(Kind.KILL)
    assert shared.expect(Kind.RESULT).header["code"] == "killed"
    shared.expect(Kind.READY)
    assert shared.value(n=3) == 3


def test_isolated_calls_have_no_line() -> None:
    with instance(SOURCE, isolate="call") as running:
        running.call(n=4)
        frame = running.expect(Kind.RESULT)
        assert (frame.body, frame.header["retired"]) == (b"4", True)
        assert running.expect(Kind.READY).header["line"] is False
        assert running.direct == 0


def test_where_the_supervisor_watches_caps_there_is_no_line() -> None:
    """It has to know whether a call runs."""
    with instance(SOURCE, environ={"FAAS_MEMORY_BYTES": str(10**9)}) as running:
        assert running.value(n=4) == 4
        assert running.direct == 0


def test_a_line_whose_descriptor_got_lost_is_done_without() -> None:
    with instance(SOURCE, lines=False) as running:
        running.send(Kind.LINE)
        assert running.expect(Kind.READY).header["line"] is False
        assert running.value(n=4) == 4
        running.failure(what="exit", n=1)
        assert running.expect(Kind.READY).header["line"] is False
        assert running.value(n=5) == 5


def test_a_handed_on_line_is_dead_when_its_call_was_killed() -> None:
    """Another slot's worker, which goes on, has got a copy of it."""
    source = """
    import os, socket, time
    from tests_lines import sockets
    PATH = os.path.join(os.environ["HOME"], "handed")
    kept = []
    def f(what=""):
        if what == "take":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(PATH)
                listener.listen()
                connection, _ = listener.accept()
                kept.extend(socket.recv_fds(connection, 1, 1)[1])
            return len(kept)
        if what == "hand on":
            while not os.path.exists(PATH):
                time.sleep(0.01)
            with socket.socket(socket.AF_UNIX) as connection:
                while connection.connect_ex(PATH):
                    time.sleep(0.01)
                socket.send_fds(connection, [b"x"], [sockets()[-1]])
            time.sleep(60)
        if what == "forge":
            try:
                return os.write(kept[0], bytes(15))
            except OSError as error:
                return type(error).__name__
        return "right"
    """
    helper = SOURCE.partition("def f(")[0]
    source = source.replace("from tests_lines import sockets", "").replace("\n    ", "\n")
    with instance(helper + source, workers=2) as running:
        running.call(1, what="take")
        running.call(0, what="hand on")
        assert running.expect(Kind.RESULT, 1).body == b"1"
        running.send(Kind.KILL, 0)
        assert running.expect(Kind.RESULT, 0).header["code"] == "killed"
        running.expect(Kind.READY, 0)
        assert running.result(1, what="forge").body == b'"BrokenPipeError"'
        assert running.result(0).body == b'"right"'


@given(st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=4), st.integers(0, MAX_SLOTS - 1))
def test_notes_may_say_anything(values: list[int], slot: int) -> None:
    """User code can write there; the supervisor makes figures of it, and no mistakes."""
    notes = Notes()
    for field, value in enumerate(values):
        notes._counts[slot * 4 + field] = value
    notes.on_output(slot)
    assert 0 <= notes.calls(slot) <= 2**63
    assert notes.running(slot) in (True, False)
    gauge = Gauge(_NoCgroup(), None)  # type: ignore[arg-type]
    gauge.start(0.0)
    gauge.take(*notes.call(slot))
    json.dumps(gauge.usage(Ended(0, 1.0, 5)), allow_nan=False)
    notes.begin(slot, 1.0, 2.0)
    assert notes.call(slot) == (1.0, 2.0)
    notes.reset(slot)
    assert not notes.running(slot)
    assert not notes.answered(slot)


class _NoCgroup:
    pids_cap = None

    def oom_kills(self) -> int:
        return 0

    def refused_forks(self) -> int:
        return 0
