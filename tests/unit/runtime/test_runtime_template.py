"""Workers forked from the template: what they share, what they don't, and where there is no template."""

from __future__ import annotations

import json
import os
import pickle
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from tests.benchmarks.workers import proportional_bytes
from tests.support.gateway import PYTHON
from tests.unit.runtime.runtime_instance import (
    DEADLINE_SECONDS,
    MB,
    UNSHARE,
    Instance,
    can_unshare,
    instance,
    make_root,
)

IDENTITY = """
import os, signal, time
imported_by = os.getpid()
def parents():
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    found[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    return found
def siblings():
    return [pid for pid, parent in parents().items() if parent == os.getppid() and pid != os.getpid()]
def f(what="identity", pid=0, number=9):
    if what == "exit":
        os._exit(1)
    if what == "sleep":
        time.sleep(60)
    if what == "signal":
        os.kill(pid, number)
    if what == "read":
        return [attempt(f"/proc/{pid}/{name}") for name in ("mem", "environ", "maps")]
    return {"pid": os.getpid(), "parent": os.getppid(), "imported_by": imported_by, "siblings": siblings()}
def attempt(path):
    try:
        with open(path, "rb") as file:
            return len(file.read(1))
    except OSError as error:
        return type(error).__name__
"""


def retire(running: Instance) -> None:
    """Have the worker replaced."""
    running.call(what="sleep")
    running.send(Kind.KILL)
    assert running.expect(Kind.RESULT).header["code"] == "killed"
    running.expect(Kind.READY)


def test_a_killed_worker_comes_back_without_another_import() -> None:
    with instance(IDENTITY) as running:
        first = running.value()
        assert first["pid"] == first["imported_by"]
        for _ in range(3):
            retire(running)
            again = running.value()
            assert again["pid"] != again["imported_by"] == first["pid"]
            assert again["parent"] == running.process.pid, "a child of the supervisor, not of the template"
            assert len(again["siblings"]) == 1, "only the template is beside it"


def test_a_crashed_worker_too() -> None:
    with instance(IDENTITY) as running:
        first = running.value()
        assert running.failure(what="exit")["figures"] == {"exit_status": 1}
        running.expect(Kind.READY)
        assert running.value()["imported_by"] == first["pid"]


def test_the_slots_share_one_import() -> None:
    with instance(IDENTITY, workers=4) as running:
        values = [json.loads(running.result(slot).body) for slot in range(4)]
    assert len({value["pid"] for value in values}) == 4
    assert {value["imported_by"] for value in values} == {values[0]["pid"]}
    assert {value["parent"] for value in values} == {running.process.pid}


def test_what_an_import_prints_is_there_once() -> None:
    source = "import sys\nprint('out')\nsys.stderr.write('unfinished')\ndef f(): print('called')"
    with instance(source, workers=2) as running:
        for slot in range(2):
            running.result(slot)
        assert running.lines("stdout") == ["out", "called", "called"]
        assert running.lines("stderr") == ["unfinished"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_template_that_user_code_ends_costs_an_import_at_most(number: int) -> None:
    with instance(IDENTITY) as running:
        (template,) = running.value()["siblings"]
        running.result(what="signal", pid=template, number=int(number))
        retire(running)
        again = running.value()
        assert (again["pid"] == again["imported_by"]) == (number == signal.SIGKILL)
        assert running.quiet(0.05)
        retire(running)
        assert running.value()["imported_by"] == again["imported_by"]


def test_a_template_that_hangs_is_replaced() -> None:
    """User code can make it: here a hook that runs at each fork."""
    source = IDENTITY + "\nos.register_at_fork(before=lambda: hang() if os.path.exists(FLAG) else None)\n"
    source += "def hang():\n    os.unlink(FLAG)\n    time.sleep(60)\n"
    source += "FLAG = os.path.join(os.environ['HOME'], 'flag')\n"
    source += (
        "def g(what='', **more):\n    return open(FLAG, 'w').close() if what == 'flag' else f(what, **more)\n"
    )
    with instance(source, manifest={"entry": "g"}) as running:
        running.result(what="flag")
        retire(running)
        again = running.value()
        assert again["pid"] == again["imported_by"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user than root, who may read everything")
def test_workers_can_not_look_into_the_template(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.is_relative_to(tempfile.gettempdir()) and parent != Path(tempfile.gettempdir()):
            parent.chmod(0o755)
    prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    environ = {"FAAS_SCRATCH": "/tmp"}
    root = make_root(tmp_path, IDENTITY)
    with instance(IDENTITY, root=root, prefix=prefix, environ=environ, open_folder=True) as running:
        (template,) = running.value()["siblings"]
        assert running.value(what="read", pid=template) == ["PermissionError"] * 3
        own = running.value()["pid"]
        assert running.value(what="read", pid=own)[1:] == [1, 1]
        score = Path(f"/proc/{template}/oom_score_adj").read_text().strip()
        assert (score, Path(f"/proc/{own}/oom_score_adj").read_text().strip()) == ("500", "1000")


RANDOM = """
import random, secrets, uuid
import numpy as np
rng, chosen = np.random.default_rng(), np.random.default_rng(7)
def f(what=""):
    if what == "exit":
        __import__("os")._exit(1)
    return {
        "random": random.random(), "numpy": np.random.random(), "rng": rng.random(),
        "chosen": chosen.random(),
        "secrets": secrets.token_hex(), "uuid": str(uuid.uuid4()),
    }
"""


def test_random_numbers_differ_between_workers() -> None:
    with instance(RANDOM, workers=3) as running:
        values = [json.loads(running.result(slot).body) for slot in range(3)]
        running.failure(what="exit")
        running.expect(Kind.READY)
        values.append(running.value())
    for name in ("random", "numpy", "rng", "secrets", "uuid"):
        assert len({value[name] for value in values}) == 4, name
    assert len({value["chosen"] for value in values}) == 1, "the author's own seed stays"


def test_libraries_work_in_forked_workers() -> None:
    """OpenBLAS has had a pool of threads, TLS a context, pandas and Arrow their allocators."""
    source = """
    import hashlib, os, ssl
    import numpy as np
    import pandas as pd
    context = ssl.create_default_context()
    square = np.random.default_rng(1).random((300, 300))
    expected = square @ square
    table = pd.DataFrame({"a": ["x", "y"] * 50, "b": range(100)})
    imported_by = os.getpid()
    def f(what=""):
        if what == "exit":
            os._exit(1)
        ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            context.wrap_bio(ours, theirs, server_hostname="example.org").do_handshake()
        except ssl.SSLWantReadError:
            pass
        return [
            os.getpid() != imported_by, bool(np.allclose(square @ square, expected)), theirs.pending > 100,
            int(table.groupby("a")["b"].sum()["x"]), hashlib.sha256(b"x").hexdigest()[:4],
        ]
    """
    with instance(source, workers=2) as running:
        assert json.loads(running.result(1).body) == [True, True, True, 2450, "2d71"]
        running.failure(what="exit")
        running.expect(Kind.READY)
        assert running.value() == [True, True, True, 2450, "2d71"]


HINDERED = {
    "a thread": "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    "a process": "import subprocess; subprocess.Popen(['sleep', '60'])",
    "a daemon": "import subprocess; subprocess.run('sleep 60 &', shell=True)",
    "a connection": "import socket; pair = socket.socketpair()",
    "an event loop": "import asyncio; loop = asyncio.new_event_loop()",
    "a file": "file = open(__file__)",
    "shared memory": "import mmap; memory = mmap.mmap(-1, 4096)",
    "a timer": "import signal; signal.setitimer(signal.ITIMER_REAL, 3600)",
    "a closed stream": "os.close(0)",
    "polars": "import polars as pl\nframe = pl.DataFrame({'a': list(range(1000))})",
}


@pytest.mark.parametrize("what", HINDERED)
def test_where_a_fork_is_not_safe_each_worker_imports(what: str) -> None:
    use = "frame.select(pl.col('a').sum()).item()" if what == "polars" else "0"
    source = "import os\n" + HINDERED[what] + "\nimported_by = os.getpid()\n"
    source += f"def f(n=0):\n    n and os._exit(n)\n    return [os.getpid() == imported_by, {use}]\n"
    expected = [True, 499500 if what == "polars" else 0]
    with instance(source, workers=2) as running:
        assert json.loads(running.result(1).body) == expected
        running.failure(n=1)
        running.expect(Kind.READY, within=2 * DEADLINE_SECONDS)
        assert running.value() == expected
        running.await_log("Each worker of this function imports it anew: ")


@pytest.mark.parametrize("imports", ["numpy, pandas, pyarrow", "PIL.Image", "json, ssl, sqlite3, asyncio"])
def test_common_packages_are_safe(imports: str) -> None:
    source = f"import os, {imports}\nimported_by = os.getpid()\ndef f(): return os.getpid() == imported_by\n"
    with instance(source, workers=2) as running:
        assert json.loads(running.result(1).body) is False


def test_a_frozen_value_is_in_memory_once(tmp_path: Path) -> None:
    """Proportional set sizes: what n processes share counts 1/n for each."""
    source = "import os\nx = __import__('faas_runtime.values', fromlist=['frozen']).frozen('x')\n"
    source += "def f(): return [os.getpid(), x[-1] + len(x)]\n"
    size = 100 * MB
    value = {"name": "x", "file": "values/x.pickle", "type": "bytes", "python": PYTHON, "versions": []}
    root = make_root(tmp_path, source, values=[value])
    (root / "function" / "values").mkdir()
    (root / "function" / "values" / "x.pickle").write_bytes(pickle.dumps(b"\1" * size, protocol=5))
    with instance(source, root=root, workers=4) as running:
        answers = [json.loads(running.result(slot).body) for slot in range(4)]
        assert {answer[1] for answer in answers} == {size + 1}
        pids = [answer[0] for answer in answers]
        used = sum(proportional_bytes(pid) for pid in children_of(running.process.pid))
        assert set(pids) < set(children_of(running.process.pid)), "and the template"
    assert used < 2 * size, f"{used / size:.2f} times the value"


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_two_hundred_kills_leave_nothing() -> None:
    with instance(IDENTITY, workers=2) as running:
        supervisor = running.process.pid
        retire(running)
        descriptors, children = count_descriptors(supervisor), len(children_of(supervisor))
        for _ in range(200):
            retire(running)
        assert running.value()["imported_by"] != running.value()["pid"]
        assert count_descriptors(supervisor) == descriptors
        assert len(children_of(supervisor)) == children == 3
        (template,) = set(children_of(supervisor)) - {
            running.value()["pid"],
            json.loads(running.result(1).body)["pid"],
        }
        assert count_descriptors(template) == 5
        assert children_of(template) == []


def count_descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.skipif(not can_unshare(), reason="PID namespaces can't be made here")
def test_a_worker_that_kills_all_it_can() -> None:
    """As PID 1, which the kernel spares: the template dies, and a sweep or the next death founds another."""
    with instance(IDENTITY, prefix=UNSHARE) as running:
        running.result(what="signal", pid=-1)
        retire(running)
        again: dict[str, Any] = running.value()
        assert again["pid"] == again["imported_by"]
