"""The Docker engine that tests use, and what is left on it."""

from __future__ import annotations

import functools
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest


@functools.cache
def engine_answers() -> bool:
    """Whether a Docker engine answers here."""
    try:
        with closing(docker.from_env(timeout=10)) as client:
            return bool(client.ping())
    except docker.errors.DockerException:
        return False


def require_docker() -> None:
    """Skip the test without an engine; fail it where one is required."""
    if engine_answers():
        return
    if os.environ.get("FAAS_TEST_DOCKER") == "require":
        pytest.fail("No Docker engine answers, and FAAS_TEST_DOCKER=require wants one.")
    pytest.skip("No Docker engine answers; `make test` starts one.")


def owner_of(folder: Path) -> str:
    """The label of everything that the gateway with its data in ``folder`` has made."""
    with closing(sqlite3.connect(folder / "data" / "gateway.sqlite")) as database:
        row = database.execute("SELECT value FROM settings WHERE key = 'owner'").fetchone()
    return str(row[0])


def containers_of(owner: str) -> list[Any]:
    """All containers, running or not, of one gateway."""
    with closing(docker.from_env()) as client:
        label: Any = {"label": f"jupyter-faas.owner={owner}"}
        return list(client.containers.list(all=True, filters=label, ignore_removed=True))


@contextmanager
def cleaned_up(folder: Path) -> Iterator[None]:
    """Afterwards remove the containers and function images of the gateway in ``folder``, and no others."""
    try:
        yield
    finally:
        if engine_answers() and (folder / "data" / "gateway.sqlite").exists():
            owner = owner_of(folder)
            for container in containers_of(owner):
                container.remove(force=True)
            with closing(docker.from_env()) as client:
                label = {"label": f"jupyter-faas.owner={owner}"}
                for image in client.images.list(filters=label):
                    if any("jupyter-faas/function:" in tag for tag in image.tags):
                        client.images.remove(str(image.id), force=True)


def most_at_once(owner: str, function: str, since: int) -> int:
    """How many containers of a function have run at a time since then (Unix time), as the engine tells it."""
    labels = [f"jupyter-faas.owner={owner}", f"jupyter-faas.function={function}"]
    filters: Any = {"event": ["start", "die"], "label": labels}
    with closing(docker.from_env()) as client:
        running = most = 0
        for event in client.events(since=since, until=int(time.time()) + 1, decode=True, filters=filters):
            running = running + 1 if event["Action"] == "start" else max(0, running - 1)
            most = max(most, running)
    return most


def processes_of(owner: str, function: str | None = None) -> list[int]:
    """The processes of one gateway's running containers, as this machine numbers them."""
    return [
        pid
        for container in containers_of(owner)
        if function in (None, container.labels.get("jupyter-faas.function"))
        for pid in processes_below(int(container.attrs["State"]["Pid"]))
    ]


def processes_below(root: int) -> list[int]:
    """A process and all below it; ``docker top`` would need ``ps``, which not every machine has."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [root] if root in parents else []
    for pid in found:  # grows as it is walked
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def busy_cpus(owner: str, seconds: float = 0.3) -> float:
    """How many CPUs one gateway's containers keep busy, on average over ``seconds``."""
    pids = processes_of(owner)

    def used() -> float:
        return sum(_cpu_seconds(pid) for pid in pids)

    before, begun = used(), time.monotonic()
    time.sleep(seconds)  # a rate has no other way to be measured
    return (used() - before) / (time.monotonic() - begun)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gateway_address(owner: str, function: str) -> str:
    """The host's address on the network of a running function."""
    for container in containers_of(owner):
        if container.labels.get("jupyter-faas.function") == function:
            networks = container.attrs["NetworkSettings"]["Networks"].values()
            return str(next(network["Gateway"] for network in networks))
    raise AssertionError(f"{function} has no container")
