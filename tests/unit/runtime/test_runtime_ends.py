"""How calls end that don't end by themselves, and that nothing of them is left."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.wire import Kind
from tests.unit.runtime.runtime_instance import (
    MB,
    UNSHARE,
    Instance,
    alive,
    await_end,
    await_file,
    can_unshare,
    instance,
)
from tests.unit.runtime.runtime_misbehaviour import SOURCE


@pytest.fixture(scope="module")
def shared() -> Iterator[Instance]:
    with instance(SOURCE) as running:
        yield running


def assert_goes_on(running: Instance) -> None:
    running.expect(Kind.READY)
    assert running.value() > 0


@pytest.mark.parametrize(
    ("what", "n", "figures"),
    [
        ("exit", 3, {"exit_status": 3}),
        ("exit", 0, {"exit_status": 0}),
        ("share", 6, {"exit_status": 6}),  # while a child holds the connection open
        ("segfault", 0, {"signal": "SIGSEGV"}),
        ("suicide", signal.SIGTERM, {"signal": "SIGTERM"}),
        ("suicide", signal.SIGKILL, {"signal": "SIGKILL"}),
        ("suicide", 40, {"signal": "signal 40"}),
    ],
)
def test_a_process_that_ends_is_a_crash(
    shared: Instance, what: str, n: int, figures: dict[str, object]
) -> None:
    outcome = shared.failure(what=what, n=int(n))
    assert outcome["code"] == "crashed"
    assert outcome["figures"] == figures
    assert outcome["retired"] is True
    assert outcome["usage"]["peak_bytes"] > MB
    assert str(next(iter(figures.values()))) in outcome["detail"]
    assert_goes_on(shared)


@pytest.mark.parametrize("what", ["garbage", "forge", "close"])
def test_a_worker_that_disturbs_its_connection_is_ended(shared: Instance, what: str) -> None:
    outcome = shared.failure(what=what)
    assert outcome["code"] == "crashed"
    assert "connection" in outcome["detail"]
    assert_goes_on(shared)


@pytest.mark.parametrize("what", ["spin", "stubborn"])
def test_a_killed_call_is_gone(shared: Instance, tmp_path: Path, what: str) -> None:
    shared.logs.clear()
    shared.call(what=what, path=str(tmp_path / "pid"))
    pid = int(await_file(tmp_path / "pid"))
    start = time.monotonic()
    shared.send(Kind.KILL)
    outcome = shared.expect(Kind.RESULT).header
    assert time.monotonic() - start < 0.25
    assert not alive(pid)
    assert (outcome["ok"], outcome["code"], outcome["retired"]) == (False, "killed", True)
    assert shared.lines("stdout") == (["before the end"] if what == "stubborn" else [])
    assert_goes_on(shared)


@pytest.mark.parametrize("what", ["escape", "unadopted"])
def test_a_killed_call_takes_its_daemons_along(shared: Instance, tmp_path: Path, what: str) -> None:
    path = tmp_path / "pid"
    shared.call(what=what, path=str(path))
    daemon = int(await_file(path))
    shared.send(Kind.KILL)
    assert shared.expect(Kind.RESULT).header["code"] == "killed"
    assert not alive(daemon)
    assert_goes_on(shared)
    assert shared.quiet(1.1)  # by now it would have acted
    assert not Path(f"{path}.acted").exists()


def test_a_crash_takes_its_daemons_along(shared: Instance, tmp_path: Path) -> None:
    outcome = shared.failure(what="escape and crash", path=str(tmp_path / "pid"))
    assert outcome["figures"] == {"exit_status": 9}
    assert not alive(int((tmp_path / "pid").read_text()))
    assert_goes_on(shared)


def test_killing_nothing_is_ignored() -> None:
    with instance(
        SOURCE, lines=False
    ) as running:  # a call on a line may be overtaken by what comes on the link
        running.send(Kind.KILL)
        assert running.value() > 0
        running.send(Kind.KILL)
        assert running.value() > 0


def test_other_slots_go_on(tmp_path: Path) -> None:
    with instance(SOURCE, workers=3) as running:
        running.call(0, what="escape", path=str(tmp_path / "pid"))
        running.call(1, what="sleep", n=1)
        child = running.result(2, what="sleep")
        assert child.header["ok"]
        await_file(tmp_path / "pid")
        running.send(Kind.KILL, 0)
        assert running.expect(Kind.RESULT, 0).header["code"] == "killed"
        running.expect(Kind.READY, 0)
        assert running.expect(Kind.RESULT, 1).header["ok"]
        assert running.result(2, what="pid").body == child.body


def test_a_worker_that_dies_between_calls_is_replaced_unseen() -> None:
    with instance(SOURCE) as running:
        pid = running.value(what="later")
        await_end(pid)
        assert running.value() != pid


def test_memory_over_the_cap_is_out_of_memory() -> None:
    with instance(SOURCE, environ={"FAAS_MEMORY_BYTES": str(100 * MB)}) as running:
        for what in ("memory", "memory of children"):
            outcome = running.failure(what=what, n=200 * MB)
            assert outcome["code"] == "out-of-memory"
            assert outcome["figures"]["cap_bytes"] == 100 * MB
            assert outcome["figures"]["peak_bytes"] > 100 * MB
            assert "cap of 100 MB" in outcome["detail"]
            assert "--memory 200MB" in outcome["detail"]
            assert_goes_on(running)


def test_memory_over_the_cap_at_import() -> None:
    source = "data = bytearray(200_000_000)\nimport time\ntime.sleep(60)\ndef f(): pass"
    with instance(source, environ={"FAAS_MEMORY_BYTES": str(100 * MB)}, ready=False) as running:
        assert running.expect(Kind.FAILED).header["code"] == "out-of-memory"


@pytest.mark.parametrize("what", ["children", "threads"])
def test_more_processes_than_the_cap_are_ended(what: str) -> None:
    with instance(SOURCE, environ={"FAAS_PIDS": "10"}) as running:
        outcome = running.failure(what=what, n=20)
        assert outcome["code"] == "crashed"
        assert outcome["figures"]["pids_cap"] == 10
        assert outcome["figures"]["pids"] > 10
        assert "--pids 20" in outcome["detail"]
        assert_goes_on(running)


def end_by_closing(running: Instance) -> None:
    running.link.close()


def end_by_stop(running: Instance) -> None:
    running.send(Kind.STOP)


def end_by_signal(running: Instance) -> None:
    running.process.terminate()


@pytest.mark.parametrize("end", [end_by_closing, end_by_stop, end_by_signal])
def test_the_end_of_an_instance_leaves_nothing(tmp_path: Path, end: object) -> None:
    with instance(SOURCE, workers=2) as running:
        running.call(0, what="escape", path=str(tmp_path / "daemon"))
        running.call(1, what="spin", path=str(tmp_path / "worker"))
        pids = [int(await_file(tmp_path / name)) for name in ("daemon", "worker")]
        assert callable(end)
        end(running)
        assert running.process.wait(10) == 0
        assert not any(alive(pid) for pid in pids)


def test_workers_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with instance(SOURCE) as running:
        running.call(what="spin", path=str(tmp_path / "worker"))
        pid = int(await_file(tmp_path / "worker"))
        running.process.kill()
        await_end(pid)


@pytest.mark.skipif(not can_unshare(), reason="PID namespaces can't be made here")
class TestAsPid1:
    """The supervisor as PID 1 of a PID namespace, as in a container."""

    def test_calls_and_kills(self, tmp_path: Path) -> None:
        with instance(SOURCE, prefix=UNSHARE) as running:
            assert running.value() == 2
            running.call(what="escape", path=str(tmp_path / "pid"))
            await_file(tmp_path / "pid")
            running.send(Kind.KILL)
            assert running.expect(Kind.RESULT).header["code"] == "killed"
            assert_goes_on(running)
            assert running.quiet(1.1)
            assert not (tmp_path / "pid.acted").exists()

    def test_orphans_are_reaped(self) -> None:
        source = """
        import os, time
        def f(count=False):
            if count:
                return len([name for name in os.listdir("/proc") if name.isdigit()])
            for _ in range(20):
                if os.fork() == 0:
                    if os.fork() == 0:
                        os._exit(0)
                    os._exit(0)
                os.wait()
        """
        with instance(source, prefix=UNSHARE) as running:
            running.value()
            assert running.value(count=True) >= 2
            running.send(Kind.STOP)
            assert running.process.wait(10) == 0
