"""Caps that the kernel enforces: readings of both cgroup versions, and real kills under them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.wire import Kind
from runtime.cgroups import Cgroup
from tests.unit.runtime.runtime_instance import MB, UNSHARE, await_file, can_unshare, instance
from tests.unit.runtime.runtime_misbehaviour import SOURCE

V1 = {
    "memory/docker/abc/memory.limit_in_bytes": "256000000\n",
    "memory/docker/abc/memory.max_usage_in_bytes": "1234\n",
    "memory/docker/abc/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "pids/docker/abc/pids.max": "64\n",
    "pids/docker/abc/pids.events": "max 7\n",
}
V2 = {
    "cgroup.controllers": "memory pids\n",
    "memory.max": "256000000\n",
    "memory.current": "1234\n",
    "memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n",
    "pids.max": "64\n",
    "pids.events": "max 7\n",
}
MEMBERSHIP = "5:memory:/docker/abc\n4:pids:/docker/abc\n0::/\n"


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
def test_both_versions_are_read(tmp_path: Path, files: dict[str, str]) -> None:
    (tmp_path / "membership").write_text(MEMBERSHIP)
    cgroup = Cgroup(str(lay_out(tmp_path, files)), str(tmp_path / "membership"))
    assert (cgroup.memory_cap, cgroup.memory_peak(), cgroup.pids_cap) == (256 * MB, 1234, 64)
    assert (cgroup.oom_kills(), cgroup.refused_forks()) == (3, 7)


def test_the_mount_itself_is_read_where_proc_names_a_path_outside(tmp_path: Path) -> None:
    (tmp_path / "membership").write_text("5:cpu,memory:/docker/elsewhere\n")
    files = {"memory/memory.limit_in_bytes": "1000", "pids/pids.max": "max"}
    cgroup = Cgroup(str(lay_out(tmp_path, files)), str(tmp_path / "membership"))
    assert (cgroup.memory_cap, cgroup.pids_cap) == (1000, None)


def test_no_limits_and_no_files_are_no_error(tmp_path: Path) -> None:
    cgroup = Cgroup(str(tmp_path), str(tmp_path / "none"))
    assert (cgroup.memory_cap, cgroup.memory_peak(), cgroup.oom_kills()) == (None, None, 0)
    lay_out(tmp_path, {"memory/memory.limit_in_bytes": "9223372036854771712"})
    assert Cgroup(str(tmp_path), str(tmp_path / "none")).memory_cap is None


class Slice:
    """A cgroup of this test's own (version 1)."""

    def __init__(self) -> None:
        name = f"faas-test-{uuid.uuid4().hex[:8]}"
        own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
        self.folders = {
            controller: Path(f"/sys/fs/cgroup/{controller}{own[controller].rstrip('/')}") / name
            for controller in ("memory", "pids")
        }
        for folder in self.folders.values():
            folder.mkdir()

    def limit(self, controller: str, file: str, value: int) -> None:
        (self.folders[controller] / file).write_text(str(value))

    @property
    def prefix(self) -> tuple[str, ...]:
        """Runs a command in the cgroup, as PID 1 of its own PID namespace."""
        enter = "; ".join(f"echo $$ > {folder}/cgroup.procs" for folder in self.folders.values())
        return ("sh", "-c", f'{enter}; exec "$@"', "sh", *UNSHARE)

    def remove(self) -> None:
        for folder in self.folders.values():
            folder.rmdir()


@pytest.fixture
def slice_() -> Iterator[Slice]:
    try:
        made = Slice()
    except (OSError, KeyError):
        pytest.skip("cgroups of version 1 can't be made here")
    if not can_unshare():
        pytest.skip("PID namespaces can't be made here")
    yield made
    made.remove()


def test_the_kernel_kills_the_worker_for_memory(slice_: Slice) -> None:
    slice_.limit("memory", "memory.limit_in_bytes", 64 << 20)
    with instance(SOURCE, workers=2, prefix=slice_.prefix) as running:
        outcome = running.failure(what="memory", n=200 * MB)
        assert outcome["code"] == "out-of-memory"
        assert outcome["figures"]["cap_bytes"] == 64 << 20
        assert outcome["figures"]["peak_bytes"] > 60 * MB
        running.expect(Kind.READY)
        assert running.value() > 0
        assert running.failure(what="suicide", n=9)["code"] == "crashed"


CHILD = """
import os, subprocess, sys, threading
def f(what):
    if what == "memory":
        subprocess.run([sys.executable, "-c", "bytearray(200_000_000)"], check=True)
    for _ in range(100):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_a_failed_call_tells_which_cap_its_children_hit(slice_: Slice) -> None:
    slice_.limit("memory", "memory.limit_in_bytes", 64 << 20)
    slice_.limit("pids", "pids.max", 30)
    with instance(CHILD, prefix=slice_.prefix) as running:
        outcome = running.failure(what="memory")
        assert outcome["code"] == "handler-error"
        assert outcome["figures"]["oom_kills"] == 1
        assert "killed 1 of its child processes for memory" in outcome["detail"]
        outcome = running.failure(what="threads")
        assert outcome["figures"]["pids_cap"] == 30
        assert "The cap of 30 processes and threads was reached (--pids)" in outcome["detail"]
        assert outcome["retired"] is True
        running.expect(Kind.READY)


def test_a_fork_bomb_is_ended_within_its_slot(slice_: Slice, tmp_path: Path) -> None:
    slice_.limit("pids", "pids.max", 64)
    with instance(SOURCE, workers=2, prefix=slice_.prefix) as running:
        other = running.result(1).body
        running.call(0, what="bomb", path=str(tmp_path / "pid"))
        await_file(tmp_path / "pid")
        running.quiet(0.3)
        running.send(Kind.KILL, 0)
        assert running.expect(Kind.RESULT, 0).header["code"] == "killed"
        running.expect(Kind.READY, 0)
        assert running.result(1).body == other
        count = int((slice_.folders["pids"] / "pids.current").read_text())
        assert count <= 5  # unshare, the supervisor, the template and two workers
