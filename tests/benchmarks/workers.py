"""What the fork of workers costs and saves: a worker after a kill, and the memory of four with one value."""

from __future__ import annotations

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_faas.model.caps import Caps
from tests.benchmarks.figures import Comparison, Reading, seconds
from tests.support.gateway import PYTHON, Gateway
from tests.unit.runtime.runtime_instance import Instance, instance, make_root

KILLS = 30
VALUE_BYTES = 100_000_000
WORKERS = 4

ENDLESS = """
import numpy as np


def endless(spin: bool = False) -> float:
    while spin:
        pass
    return float(np.ones(10).sum())
"""
FORK = """
import os, sys, time
import numpy
for _ in range(int(sys.argv[1])):
    begun = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(time.perf_counter() - begun)
"""
HOLDER = """
import os
value = __import__("faas_runtime.values", fromlist=["frozen"]).frozen("value")
def f():
    return [os.getpid(), len(value)]
"""


def worker_after_kill(gateway: Gateway) -> Comparison:
    """The first call after one that was ended at its deadline, less what a call takes by itself."""
    gateway.publish(
        ENDLESS, "endless", requirements=("numpy",), caps=Caps(timeout_seconds=0.05, max_instances=1)
    )

    def call() -> None:
        assert gateway.call("endless").status == 200

    warm = statistics.median(seconds(call) for _ in range(KILLS))
    ours = []
    for _ in range(KILLS):
        assert gateway.call("endless", {"spin": True}).status == 504
        ours.append(max(0.0, seconds(call) - warm))
    command = [sys.executable, "-c", FORK, str(KILLS)]
    forks = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    reference = [float(line) for line in forks.split()]
    return Comparison(
        "worker back after a kill (numpy imported)", ours, "os.fork with numpy imported", reference
    )


def shared_memory() -> Reading:
    """Memory of an instance with one frozen value of 100 MB, by its proportional set sizes."""
    used = {workers: _used_bytes(workers) for workers in (1, WORKERS)}
    figures = {f"MB with {workers} worker{'s' * (workers > 1)}": size / 1e6 for workers, size in used.items()}
    return Reading(f"memory of an instance with a frozen value of {VALUE_BYTES / 1e6:.0f} MB", figures)


def _used_bytes(workers: int) -> int:
    value = {
        "name": "value",
        "file": "values/value.pickle",
        "type": "bytes",
        "python": PYTHON,
        "versions": [],
    }
    with tempfile.TemporaryDirectory() as name:
        root = make_root(Path(name), HOLDER, values=[value])
        (root / "function" / "values").mkdir()
        (root / "function" / "values" / "value.pickle").write_bytes(pickle.dumps(bytes(VALUE_BYTES), 5))
        with instance(HOLDER, root=root, workers=workers) as running:
            for slot in range(workers):
                assert json.loads(running.result(slot).body)[1] == VALUE_BYTES
            return sum(proportional_bytes(pid) for pid in processes_of(running))


def processes_of(running: Instance) -> list[int]:
    """The children of the supervisor: workers and template."""
    pid = running.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def proportional_bytes(pid: int) -> int:
    """Memory of a process, in which what n processes share counts 1/n."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
