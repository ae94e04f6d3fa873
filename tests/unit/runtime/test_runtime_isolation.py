"""What one call leaves for the next: a worker that is used again keeps it, an isolated call finds nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from runtime import ipc
from runtime.scratch import NotClean, Scratch
from tests.unit.runtime.runtime_instance import (
    RUNTIME,
    UNSHARE,
    Instance,
    await_end,
    can_unshare,
    instance,
    make_root,
)

LEAKS = """
import os, subprocess, sys, threading, time
import tempfile, warnings, locale, random, decimal, signal
imported_by = os.getpid()
state = []
def f(leave=False):
    found = {
        "global": len(state),
        "attribute": hasattr(sys, "left"),
        "environment": "LEFT" in os.environ,
        "file": sorted(name for name in os.listdir() if name not in ("data", "made")),
        "home": os.path.exists(os.path.expanduser("~/deep")),
        "folder": os.getcwd() != os.environ["HOME"],
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "umask": oct(mask()),
        "module": "colorsys" in sys.modules,
        "precision": decimal.getcontext().prec,
        "handler": signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL,
    }
    if leave:
        state.append(1)
        sys.left = 1
        os.environ["LEFT"] = "1"
        open("file", "w").write("1")
        os.makedirs(os.path.expanduser("~/deep/er"))
        os.chdir("deep")
        globals()["kept"] = open("/etc/passwd")
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        os.umask(0o77)
        import colorsys
        decimal.getcontext().prec = 5
        signal.signal(signal.SIGUSR1, lambda *_: None)
        found["child"] = subprocess.Popen(["sleep", "600"], start_new_session=True).pid
    return found
def mask():
    now = os.umask(0)
    os.umask(now)
    return now
"""
CLEAN = {
    "global": 0,
    "attribute": False,
    "environment": False,
    "file": [],
    "home": False,
    "folder": False,
    "descriptors": 6,
    "threads": 1,
    "umask": "0o22",
    "module": False,
    "precision": 28,
    "handler": False,
}


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o22)
    yield
    os.umask(before)


def next_value(running: Instance, **arguments: Any) -> Any:
    value = running.value(**arguments)
    running.expect(Kind.READY)
    return value


def test_a_worker_that_is_used_again_keeps_what_a_call_left() -> None:
    with instance(LEAKS) as running:
        first = running.value(leave=True)
        del first["child"]
        second = running.value()
    kept = {name for name in CLEAN if second[name] != first[name]}
    assert first == {**CLEAN, "descriptors": first["descriptors"]}
    assert kept == set(CLEAN)


@pytest.mark.parametrize("template", [True, False])
def test_an_isolated_call_finds_nothing_of_another(template: bool) -> None:
    """Also where there is no template: a file that is open keeps the function from being forked."""
    source = LEAKS if template else LEAKS + "here = open('/etc/passwd')\n"
    with instance(source, isolate="call") as running:
        first = next_value(running, leave=True)
        await_end(first.pop("child"), within=0.5)
        second = next_value(running)
        third = next_value(running)
    for found in (first, second, third):
        clean = {**CLEAN, "descriptors": found["descriptors"]}
        assert found == clean
    assert first["descriptors"] == second["descriptors"] == third["descriptors"]


def test_isolated_calls_after_failures_kills_and_streams() -> None:
    source = """
    import os, time
    def f(what=""):
        found = os.listdir()
        open("left", "w").close()
        if what == "raise":
            raise ValueError(what)
        if what == "sleep":
            time.sleep(60)
        return (name for name in [*found, "end"]) if what == "stream" else found
    """
    with instance(source, isolate="call") as running:
        assert running.failure(what="raise")["retired"] is True
        running.expect(Kind.READY)
        running.call(what="sleep")
        running.send(Kind.KILL)
        assert running.expect(Kind.RESULT).header["code"] == "killed"
        running.expect(Kind.READY)
        assert next_value(running) == []
        running.call(what="stream")
        assert running.expect(Kind.CHUNK).body == b'"end"\n'
        assert running.expect(Kind.RESULT).header["ok"]
        running.expect(Kind.READY)
        assert next_value(running) == []


MADE = """
import mmap, os
imported_by = os.getpid()
with open("made", "w") as file:
    file.write("by the import")
def f(how=""):
    found = open("made").read()
    if how == "append":
        open("made", "a").write("!")
    if how == "remove":
        os.unlink("made")
    if how == "map":
        with open("made", "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
            memory[0:2] = b"BY"
    if how == "chmod":
        os.chmod("made", 0)
    if how == "replace":
        os.unlink("made")
        os.mkdir("made")
    return [found, os.getpid() == imported_by]
"""


@pytest.mark.parametrize("how", ["append", "remove", "map", "chmod", "replace"])
def test_what_the_import_made_is_there_for_each_call(how: str) -> None:
    with instance(MADE, isolate="call") as running:
        assert next_value(running) == ["by the import", True]
        assert next_value(running) == ["by the import", False]
        assert next_value(running, how=how) == ["by the import", False]
        assert next_value(running) == ["by the import", True], "imported again"
        assert next_value(running) == ["by the import", False]


def test_data_files_stay(tmp_path: Path) -> None:
    source = "import os\ndef f():\n    os.unlink('data/x.csv')\n    return sorted(os.listdir('data'))\n"
    root = make_root(tmp_path, source, files=["data/x.csv", "data/y.csv"])
    (root / "function" / "data").mkdir()
    for name in ("x", "y"):
        (root / "function" / "data" / f"{name}.csv").write_text(name)
    with instance(source, root=root, isolate="call") as running:
        assert next_value(running) == next_value(running) == ["y.csv"]
    assert (root / "function" / "data" / "x.csv").read_text() == "x"


HOSTILE = """
import os, sys
from runtime.scratch import Scratch
folder = sys.argv[1]
scratch = Scratch(folder, False)
os.chdir(folder)
for _ in range(3000):
    os.mkdir("folder-with-a-rather-long-name")
    os.chdir("folder-with-a-rather-long-name")
open("file", "w").close()
os.symlink("/", "link")
os.mkfifo("pipe")
os.chmod("file", 0)
os.mkdir(b"\\xff\\n")
os.chmod(".", 0)
os.chdir(folder)
os.chmod("folder-with-a-rather-long-name", 0)
os.chmod(folder, 0o500)
os.chdir("/")
assert scratch.reset()
assert os.listdir(folder) == [] and os.stat(folder).st_mode & 0o777 == 0o700
"""


@pytest.mark.parametrize("user", [None, "65534"])
def test_folders_that_are_hard_to_remove(user: str | None) -> None:
    if user and os.getuid() != 0:
        pytest.skip("only root can become another user")
    become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups") if user else ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "scratch")
        shutil.copytree(RUNTIME, Path(name, "runtime"), ignore=shutil.ignore_patterns("__pycache__"))
        folder.mkdir(mode=0o700)
        Path(name).chmod(0o755)
        if user:
            os.chown(folder, int(user), int(user))
        command = [*become, sys.executable, "-c", HOSTILE, str(folder)]
        subprocess.run(command, check=True, env={"PYTHONPATH": name})


def test_a_scratch_folder_that_was_replaced_is_left_alone(tmp_path: Path) -> None:
    place, other = tmp_path / "scratch", tmp_path / "other"
    place.mkdir()
    other.mkdir()
    (other / "precious").write_text("x")
    scratch = Scratch(str(place), False)
    place.rmdir()
    place.symlink_to(other)
    with pytest.raises(NotClean, match="was replaced"):
        scratch.reset()
    assert (other / "precious").exists()


IPC = (*UNSHARE[:1], "--ipc", "--mount", *UNSHARE[1:])


@pytest.mark.skipif(not can_unshare(), reason="namespaces can't be made here")
def test_system_v_objects_are_removed() -> None:
    """In an IPC namespace of their own, as a container has."""
    program = (
        "import ctypes, sys; sys.path.insert(0, sys.argv[1]); from runtime import ipc\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.shmget(1, 4096, 0o1666); before = ipc.objects()\n"
        "libc.shmget(2, 4096, 0o1666); libc.semget(3, 1, 0o1666); libc.msgget(4, 0o1666)\n"
        "assert len(ipc.objects()) == 4\n"
        "ipc.remove(ipc.objects() - before); assert ipc.objects() == before, ipc.objects()\n"
    )
    root = str(Path(ipc.__file__).parents[1])
    subprocess.run([*IPC, sys.executable, "-c", program, root], check=True)
