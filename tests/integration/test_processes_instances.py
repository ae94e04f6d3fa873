"""Several processes on one port: what keeps instances is in one place, and calls of all find the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.integration.test_backup import command
from tests.integration.test_keep_alive import containers
from tests.integration.test_prewarming import POOL, cold
from tests.integration.test_processes import PROCESSES, callers, entrances, instances, ready
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = "import os\nPLACE = os.environ.get('PLACE')\ndef {0}(x=0):\n    return [x, PLACE]\n"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with entrances that pauses early."""
    require_docker()
    settings = (f"--processes={PROCESSES}", "--Keeper.pause_seconds=0.3")
    with running(tmp_path_factory.mktemp("keeping"), *settings) as gateway:
        ready(gateway)
        yield gateway


def test_first_calls_at_every_entrance_come_from_the_pool(tmp_path: Path) -> None:
    require_docker()
    with running(tmp_path / "gateway", f"--processes={PROCESSES}", POOL) as gateway:
        ready(gateway)
        gateway.publish(SOURCE.format("first"), "first", caps=Caps(idle_seconds=0))
        for number, caller in enumerate(callers(gateway)):
            cold(gateway, "first")
            assert caller.call("first", {"x": number}) == (200, [number, None])
            assert caller.start == "prewarmed"


def test_a_paused_instance_is_resumed_by_a_call_at_any_entrance(keeping: Gateway) -> None:
    keeping.publish(SOURCE.format("rests"), "rests", caps=Caps(max_instances=1))
    for number, caller in enumerate(callers(keeping)):
        eventually(lambda: instances(keeping, "paused") == 1, 15, "it is paused")
        assert caller.call("rests", {"x": number}) == (200, [number, None])
        assert caller.start == "paused"
    assert keeping.client.function("rests")["instances"] == 1


def test_provisioned_instances_are_kept_for_all_entrances(keeping: Gateway) -> None:
    keeping.publish(SOURCE.format("kept"), "kept", caps=Caps(min_instances=2, max_instances=2))
    eventually(lambda: len(containers(keeping, "kept")) == 2, 30, "both are there")
    for caller in callers(keeping):
        assert caller.call("kept") == (200, [0, None])
        assert caller.start == "warm"
    before = {one.id for one in containers(keeping, "kept")}
    for one in containers(keeping, "kept"):
        one.kill()
    eventually(
        lambda: len({one.id for one in containers(keeping, "kept") if one.status == "running"} - before) == 2,
        30,
        "both are back",
    )
    assert [caller.call("kept")[0] for caller in callers(keeping)] == [200] * PROCESSES


def test_a_backup_of_a_gateway_with_entrances_serves_with_entrances(keeping: Gateway, tmp_path: Path) -> None:
    keeping.publish(SOURCE.format("saved"), "saved", environment={"PLACE": "here"})
    file, copy = tmp_path / "faas.tar", tmp_path / "copy"
    saved = command(keeping, "backup", str(file))
    assert (saved.returncode, saved.stderr) == (0, "")
    restored = command(keeping, "restore", str(file), "--data-dir", str(copy / "data"))
    assert restored.returncode == 0, restored.stderr
    with running(copy, f"--processes={PROCESSES}") as second:
        ready(second)
        assert len(entrances(second)) == PROCESSES - 1
        for caller in callers(second):
            assert caller.call("saved", {"x": 3}) == (200, [3, "here"])
