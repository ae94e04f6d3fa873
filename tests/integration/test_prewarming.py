"""First calls from sandboxes that were started before anybody called: with real containers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.integration.test_keep_alive import start_of
from tests.support.distributions import make_wheel
from tests.support.docker import (
    busy_cpus,
    containers_of,
    owner_of,
    processes_of,
    require_docker,
)
from tests.support.gateway import Answer, Gateway, bundle_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

LOOK = """
import os, sys, uuid
MINE = uuid.uuid4().hex
def look(path=None):
    written = False
    try:
        with open(__file__, "a") as file:
            file.write("#")
        written = True
    except OSError:
        pass
    with open("/proc/mounts") as mounts:
        places = [line.split() for line in mounts]
    return {
        "mine": MINE, "file": __file__, "written": written, "pid": os.getpid(),
        "environment": dict(os.environ), "cwd": os.getcwd(),
        "read_only": [place[3].split(",")[0] for place in places if place[1] == "/opt/faas/function"],
        "handlers": sorted(os.listdir("/opt/faas/function")),
    }
"""
GONE = Caps(idle_seconds=0)
POOL = "--Prewarmed.memory_bytes=500_000_000"


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that prewarms."""
    require_docker()
    with running(tmp_path_factory.mktemp("pool"), POOL) as gateway:
        yield gateway


def await_prewarmed(gateway: Gateway, number: int = 1) -> None:
    """Wait until so many sandboxes wait for their function."""
    eventually(lambda: gateway.client.gateway()["prewarmed"] >= number, 30, "a sandbox waits")


def cold(gateway: Gateway, name: str) -> None:
    """Wait until nothing of the function runs, and a sandbox waits for it."""
    eventually(lambda: gateway.client.function(name)["instances"] == 0, what=f"{name} has no instance")
    await_prewarmed(gateway)


def prewarmed(gateway: Gateway, name: str, arguments: Any = None) -> Answer:
    """The answer of a first call from a sandbox that waited; others may be started before it is."""
    answer = eventually(lambda: _prewarmed(gateway, name, arguments), 60, f"{name} comes from the pool")
    assert answer is not None
    return answer


def _prewarmed(gateway: Gateway, name: str, arguments: Any) -> Answer | None:
    eventually(lambda: gateway.client.function(name)["instances"] == 0, what=f"{name} has no instance")
    number, containers = gateway.client.gateway()["prewarmed"], set(waiting_containers(gateway))
    answer = gateway.call(name, arguments)
    if start_of(answer) == "prewarmed":
        return answer

    def changed() -> bool:
        waiting = gateway.client.gateway()["prewarmed"] != number
        return waiting or not set(waiting_containers(gateway)) <= containers

    eventually(changed, 30, "what was missed is being started, or has been")
    return None


def metric(gateway: Gateway, series: str) -> float:
    """The present value of a series; 0 if there is none yet."""
    lines = gateway.request("GET", "/metrics").body.decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)


def waiting_containers(gateway: Gateway) -> list[str]:
    """The containers that carry the label of a prewarmed sandbox."""
    found = containers_of(owner_of(gateway.folder))
    return [one.id for one in found if "jupyter-faas.prewarmed" in one.labels]


def test_a_first_call_is_served_by_a_sandbox_that_waited(pool: Gateway) -> None:
    pool.publish(LOOK, "look", caps=GONE)
    cold(pool, "look")
    owner = owner_of(pool.folder)
    eventually(lambda: busy_cpus(owner) < 0.02, 10, "what waits uses no CPU")
    first = pool.call("look")
    assert (first.status, start_of(first)) == (200, "prewarmed")
    invocation = pool.client.invocation(first.headers["faas-invocation-id"])
    assert (invocation["start"], invocation["cold"]) == ("prewarmed", False)
    seen = first.json
    assert seen["file"] == "/opt/faas/function/handler.py"
    assert not seen["written"]
    assert seen["read_only"] == ["ro"]
    assert seen["handlers"] == ["function.json", "handler.py"]
    assert not any(name.startswith("FAAS_") for name in seen["environment"])
    cold(pool, "look")
    second = pool.call("look")
    assert start_of(second) == "prewarmed"
    assert second.json["mine"] != seen["mine"], "a sandbox is never used again"


def test_the_functions_own_caps_hold(pool: Gateway) -> None:
    hungry = "def hungry(size=0):\n    return len(b'x' * size)\n"
    forks = (
        "import threading, time\ndef forks(number):\n"
        "    for _ in range(number):\n        threading.Thread(target=time.sleep, args=(2,)).start()\n"
        "    return number\n"
    )
    slow = "import time\ndef slow():\n    time.sleep(30)\n"
    pool.publish(hungry, "hungry", caps=Caps(idle_seconds=0, memory_bytes=64_000_000))
    pool.publish(forks, "forks", caps=Caps(idle_seconds=0, pids=10))
    pool.publish(slow, "slow", caps=Caps(idle_seconds=0, timeout_seconds=0.5))
    for name, arguments, code in (
        ("hungry", {"size": 100_000_000}, "out-of-memory"),
        ("forks", {"number": 60}, "handler-error"),
        ("slow", {}, "timeout"),
    ):
        answer = prewarmed(pool, name, arguments)
        assert answer.code == code, answer.body
    assert prewarmed(pool, "hungry", {"size": 20_000_000}).json == 20_000_000


def test_networks_are_kept_apart(pool: Gateway) -> None:
    source = "import os\ndef {0}():\n    return sorted(os.listdir('/sys/class/net'))\n"
    pool.publish(source.format("alone"), "alone", caps=GONE)
    pool.publish(source.format("out"), "out", caps=Caps(idle_seconds=0, network="egress"))
    for name, networks in (("alone", ["lo"]), ("out", ["eth0", "lo"])):
        assert prewarmed(pool, name).json == networks


def test_environment_values_and_isolated_calls(pool: Gateway) -> None:
    source = (
        "import os\nseen = os.environ.get('SECRET')\ndef {0}():\n    return [seen, os.environ.get('SECRET')]"
    )
    pool.publish(source.format("keeps"), "keeps", caps=GONE, environment={"SECRET": "hush"})
    pool.publish(source.format("other"), "other", caps=Caps(idle_seconds=0, isolate="call"))
    for _ in range(2):
        for name, expected in (("keeps", ["hush", "hush"]), ("other", [None, None])):
            assert prewarmed(pool, name).json == expected


def test_environment_values_are_there_when_packages_are_imported(pool: Gateway, tmp_path: Path) -> None:
    seen = (
        "import os\nPLACE = os.environ.get('PLACE')\n"
        "EARLY = not os.path.exists('/opt/faas/function/handler.py')\n"
    )
    wheel = make_wheel(tmp_path, "placed", "1.0", source=seen)
    path, content = f"wheels/{wheel.name}", wheel.read_bytes()
    places = {"east": "in the east", "west": "in the west"}
    for name, place in places.items():
        bundle = bundle_of(
            f"import placed\ndef {name}():\n    return [placed.PLACE, placed.EARLY]\n",
            name,
            caps=GONE,
            environment=("PLACE",),
            requirements=("placed==1.0",),
            wheels={path: digest_of(content)},
        )
        bundle = Bundle(bundle.manifest, {**bundle.files, path: content})
        pool.client.publish(bundle, {"PLACE": place}, lambda *_: None)
    for name, place in [*places.items()] * 2:
        assert prewarmed(pool, name).json == [place, True], "imported before the function, with its values"


def test_a_republished_function_is_proven_in_a_sandbox_and_runs_its_new_code(pool: Gateway) -> None:
    for number in range(3):
        pool.publish(f"def again():\n    return {number}\n", "again")
        assert pool.call("again").json == number
        await_prewarmed(pool)
    numbers = itertools.count(4)

    def proven_in_a_sandbox() -> bool:
        number = next(numbers)
        source, proof = f"def again():\n    return {-number}\n", f">>> again()\n{-number}\n"
        pool.publish(source, "again", proof=proof)
        assert pool.client.function("again")["version"] == number
        assert pool.call("again").json == -number
        containers = containers_of(owner_of(pool.folder))
        # That of the version before may still be on its way out.
        return all(
            one.labels.get("jupyter-faas.version") != str(number)
            for one in containers
            if one.labels.get("jupyter-faas.function") == "again"
        )

    eventually(proven_in_a_sandbox, 60, "a sandbox proves the version, and serves")


def test_racing_first_calls_get_sandboxes_of_their_own(pool: Gateway) -> None:
    for name in ("left", "right"):
        pool.publish(f"def {name}():\n    return {name!r}\n", name, caps=GONE)

    counts: list[int] = []

    def replaced() -> bool:
        # They are replaced behind the calls, and nothing tells of which pattern: their number comes to rest.
        counts.append(pool.client.gateway()["prewarmed"])
        return len(counts) >= 40 and len(set(counts[-40:])) == 1

    def both() -> bool:
        counts.clear()
        for name in ("left", "right"):
            eventually(lambda name=name: pool.client.function(name)["instances"] == 0)  # type: ignore[misc]
        eventually(replaced, 20, "what was taken is replaced")
        with ThreadPoolExecutor(2) as callers:
            answers = list(callers.map(pool.call, ("left", "right")))
        assert [answer.json for answer in answers] == ["left", "right"]
        return {start_of(answer) for answer in answers} == {"prewarmed"}

    eventually(both, 30, "there are two, as two are wanted at once")


def test_a_layer_that_was_tampered_with_is_refused(pool: Gateway) -> None:
    pool.publish("def honest():\n    return 'honest'\n", "honest", caps=GONE)
    prewarmed(pool, "honest")
    for layer in (pool.folder / "data" / "layers").glob("*.tar"):
        content = layer.read_bytes()
        if b"honest" in content:
            layer.write_bytes(content.replace(b"'honest'", b"'wicked'"))

    cold_before = metric(pool, 'faas_starts_total{function="honest",start="cold"}')

    def refused() -> bool:
        eventually(lambda: pool.client.function("honest")["instances"] == 0)
        answer = pool.call("honest")
        assert (answer.json, start_of(answer)) == ("honest", "cold")
        return "is not the one of its image" in pool.log

    eventually(refused, 30, "the layer is refused")
    assert metric(pool, 'faas_prewarmed_starts_total{found="unfit"}') == 1
    eventually(lambda: metric(pool, 'faas_starts_total{function="honest",start="cold"}') > cold_before)


def test_a_sandbox_that_dies_while_it_waits_is_replaced(pool: Gateway) -> None:
    pool.publish("def lives():\n    return 1\n", "lives", caps=GONE)
    cold(pool, "lives")
    for container in containers_of(owner_of(pool.folder)):
        if "jupyter-faas.prewarmed" in container.labels:
            container.kill()
    assert pool.call("lives").json == 1
    assert prewarmed(pool, "lives").json == 1


def test_packages_are_imported_before_there_is_a_function(pool: Gateway) -> None:
    source = "import pandas\ndef frame():\n    return int(pandas.DataFrame({'x': [1, 2]}).x.sum())\n"
    requirements = tuple(f"{name}=={version(name)}" for name in ("numpy", "pandas"))
    pool.publish(source, "frame", caps=GONE, requirements=requirements)
    assert prewarmed(pool, "frame").json == 3
    owner = owner_of(pool.folder)

    def imported() -> bool:
        found = (Path(f"/proc/{pid}/maps") for pid in processes_of(owner))
        return any("pandas/_libs" in maps.read_text() for maps in found if maps.exists())

    eventually(lambda: pool.client.function("frame")["instances"] == 0)
    eventually(imported, 30, "a process that waits has it")


def test_nothing_is_left_of_a_gateway_that_was_killed(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", POOL) as gateway:
        gateway.publish("def brief():\n    return 1\n", "brief", caps=GONE)
        await_prewarmed(gateway)
        before = set(waiting_containers(gateway))
        gateway.kill()
        gateway.start()
        assert not before & set(waiting_containers(gateway))
        await_prewarmed(gateway)
        gateway.stop()
        assert not containers_of(owner_of(gateway.folder))
        assert not list((gateway.folder / "data" / "run").glob("*"))


def test_without_memory_there_is_no_pool(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway") as gateway:
        gateway.publish("def plain():\n    return 1\n", "plain", caps=GONE)
        eventually(lambda: gateway.client.function("plain")["instances"] == 0)
        assert start_of(gateway.call("plain")) == "cold"
        assert gateway.client.gateway()["prewarmed"] == 0
        assert not waiting_containers(gateway)


def test_the_budget_bounds_what_waits_and_the_last_asked_for_displaces_the_rest(tmp_path: Path) -> None:
    require_docker()

    def network() -> str | None:
        """That of the only one that waits."""
        assert gateway.client.gateway()["prewarmed"] <= 1
        found = containers_of(owner_of(gateway.folder))
        modes = [
            one.attrs["HostConfig"]["NetworkMode"]
            for one in found
            if "jupyter-faas.prewarmed" in one.labels and one.status == "running"
        ]
        return modes[0] if len(modes) == 1 and gateway.client.gateway()["prewarmed"] == 1 else None

    with running(tmp_path / "gateway", "--Prewarmed.memory_bytes=30_000_000") as gateway:
        gateway.publish("def alone():\n    return 1\n", "alone", caps=GONE)
        eventually(lambda: network() == "none", 30, "one waits")
        gateway.publish("def out():\n    return 2\n", "out", caps=Caps(idle_seconds=0, network="egress"))
        eventually(lambda: network() not in (None, "none"), 30, "one of the other network waits in its place")


def test_where_files_are_not_shared_containers_start_plainly(tmp_path: Path) -> None:
    """Over TCP the engine may be on another machine: a function's files could not be put before it."""
    require_docker()
    with running(tmp_path / "gateway", POOL, "--EngineSettings.transport=tcp") as gateway:
        gateway.publish("def far():\n    return 1\n", "far", caps=GONE)
        for _ in range(2):
            eventually(lambda: gateway.client.function("far")["instances"] == 0)
            answer = gateway.call("far")
            assert (answer.json, start_of(answer)) == (1, "cold")
        assert gateway.client.gateway()["prewarmed"] == 0
        assert not waiting_containers(gateway)
