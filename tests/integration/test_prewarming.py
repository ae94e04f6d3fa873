"""First calls from sandboxes that were started before anybody called: with real containers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.integration.test_keep_alive import start_of
from tests.support.docker import busy_cpus, containers_of, owner_of, require_docker
from tests.support.gateway import Gateway
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


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that prewarms."""
    require_docker()
    with running(tmp_path_factory.mktemp("pool")) as gateway:
        yield gateway


def await_prewarmed(gateway: Gateway, number: int = 1) -> None:
    """Wait until so many sandboxes wait for their function."""
    eventually(lambda: gateway.client.gateway()["prewarmed"] >= number, 30, "a sandbox waits")


def cold(gateway: Gateway, name: str) -> None:
    """Wait until nothing of the function runs, and a sandbox waits for it."""
    eventually(lambda: gateway.client.function(name)["instances"] == 0, what=f"{name} has no instance")
    await_prewarmed(gateway)


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
        "    for _ in range(number):\n        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
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
        cold(pool, name)
        answer = pool.call(name, arguments)
        assert (answer.code, start_of(answer)) == (code, "prewarmed"), answer.body
    cold(pool, "hungry")
    assert pool.call("hungry", {"size": 20_000_000}).json == 20_000_000


def test_networks_are_kept_apart(pool: Gateway) -> None:
    source = "import os\ndef {0}():\n    return sorted(os.listdir('/sys/class/net'))\n"
    pool.publish(source.format("alone"), "alone", caps=GONE)
    pool.publish(source.format("out"), "out", caps=Caps(idle_seconds=0, network="egress"))
    for name, networks in (("alone", ["lo"]), ("out", ["eth0", "lo"])):
        eventually(lambda name=name: _serves_prewarmed(pool, name, networks), 30, "it comes from the pool")


def _serves_prewarmed(gateway: Gateway, name: str, expected: list[str]) -> bool:
    eventually(lambda: gateway.client.function(name)["instances"] == 0)
    answer = gateway.call(name)
    assert answer.json == expected
    return start_of(answer) == "prewarmed"


def test_environment_values_and_isolated_calls(pool: Gateway) -> None:
    source = "import os\nseen = os.environ.get('SECRET')\ndef {0}():\n    return [seen, os.environ.get('SECRET')]\n"
    pool.publish(source.format("keeps"), "keeps", caps=GONE, environment={"SECRET": "hush"})
    pool.publish(source.format("other"), "other", caps=Caps(idle_seconds=0, isolate="call"))
    for _ in range(2):
        for name, expected in (("keeps", ["hush", "hush"]), ("other", [None, None])):
            cold(pool, name)
            answer = pool.call(name)
            assert (answer.json, start_of(answer)) == (expected, "prewarmed")


def test_a_republished_function_is_proven_in_a_sandbox_and_runs_its_new_code(pool: Gateway) -> None:
    for number in range(3):
        pool.publish(f"def again():\n    return {number}\n", "again")
        assert pool.call("again").json == number
        await_prewarmed(pool)
    publication = pool.publish(
        "def again():\n    return 'proven'\n", "again", proof=">>> again()\n'proven'\n"
    )
    assert publication["version"] == 4
    assert pool.call("again").json == "proven"
    containers = containers_of(owner_of(pool.folder))
    assert "again" not in {one.labels.get("jupyter-faas.function") for one in containers}, "none was started"


def test_racing_first_calls_get_sandboxes_of_their_own(pool: Gateway) -> None:
    for name in ("left", "right"):
        pool.publish(f"def {name}():\n    return {name!r}\n", name, caps=GONE)
    for name in ("left", "right"):
        cold(pool, name)
    with ThreadPoolExecutor(2) as callers:
        answers = list(callers.map(pool.call, ("left", "right")))
    assert [answer.json for answer in answers] == ["left", "right"]
    assert "prewarmed" in {start_of(answer) for answer in answers}


def test_a_layer_that_was_tampered_with_is_refused(pool: Gateway) -> None:
    pool.publish("def honest():\n    return 'honest'\n", "honest", caps=GONE)
    cold(pool, "honest")
    assert start_of(pool.call("honest")) == "prewarmed"
    for layer in (pool.folder / "data" / "layers").glob("*.tar"):
        content = layer.read_bytes()
        if b"honest" in content:
            layer.write_bytes(content.replace(b"'honest'", b"'wicked'"))
    cold(pool, "honest")
    answer = pool.call("honest")
    assert (answer.json, start_of(answer)) == ("honest", "cold")
    assert "is not the one of its image" in pool.log


def test_a_sandbox_that_dies_while_it_waits_is_replaced(pool: Gateway) -> None:
    pool.publish("def lives():\n    return 1\n", "lives", caps=GONE)
    cold(pool, "lives")
    for container in containers_of(owner_of(pool.folder)):
        if "jupyter-faas.prewarmed" in container.labels:
            container.kill()
    assert pool.call("lives").json == 1
    cold(pool, "lives")
    assert start_of(pool.call("lives")) == "prewarmed"


def test_packages_are_imported_before_there_is_a_function(pool: Gateway) -> None:
    before = "import sys\nKNOWN = 'pip_install_test' in sys.modules\n"
    source = (
        "import pandas\nimport time\ndef frame():\n    return int(pandas.DataFrame({'x': [1, 2]}).x.sum())\n"
    )
    del before
    pool.publish(source, "frame", caps=GONE, requirements=_pinned("pandas", "numpy"))
    eventually(lambda: _serves_frame(pool), 60, "it comes from the pool")
    cold(pool, "frame")
    maps = [Path(f"/proc/{pid}/maps").read_text() for pid in _pids(waiting_containers(pool), pool)]
    assert any("pandas/_libs" in each for each in maps), "a process that waits has it"


def _serves_frame(gateway: Gateway) -> bool:
    eventually(lambda: gateway.client.function("frame")["instances"] == 0)
    time.sleep(0.5)  # the sandboxes of other patterns come first
    answer = gateway.call("frame")
    assert answer.json == 3
    return start_of(answer) == "prewarmed"


def _pinned(*names: str) -> tuple[str, ...]:
    from importlib.metadata import version

    return tuple(f"{name}=={version(name)}" for name in names)


def _pids(containers: list[str], gateway: Gateway) -> list[int]:
    from tests.support.docker import processes_of

    del containers
    return processes_of(owner_of(gateway.folder))


def test_nothing_is_left_of_a_gateway_that_was_killed(own_gateway: Gateway) -> None:
    own_gateway.publish("def brief():\n    return 1\n", "brief", caps=GONE)
    await_prewarmed(own_gateway)
    before = set(waiting_containers(own_gateway))
    own_gateway.kill()
    own_gateway.start()
    assert not before & set(waiting_containers(own_gateway))
    await_prewarmed(own_gateway)
    own_gateway.stop()
    assert not containers_of(owner_of(own_gateway.folder))
    assert not list((own_gateway.folder / "data" / "run").glob("*"))


def test_without_memory_there_is_no_pool(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", "--Prewarmed.memory_bytes=0") as gateway:
        gateway.publish("def plain():\n    return 1\n", "plain", caps=GONE)
        eventually(lambda: gateway.client.function("plain")["instances"] == 0)
        assert start_of(gateway.call("plain")) == "cold"
        assert gateway.client.gateway()["prewarmed"] == 0
        assert not waiting_containers(gateway)
