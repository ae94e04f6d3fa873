"""Killed gateways, stopped engines: what was published is served again, and nothing is left behind."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from jupyter_faas.model.caps import Caps
from jupyter_faas.model.connection import connection_file
from tests.conftest import running
from tests.support.docker import containers_of, owner_of, require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

NAP = """
import time
def nap(seconds=0):
    print("napping")
    time.sleep(seconds)
    return "rested"
"""


def test_kill_9_in_mid_call(own_gateway: Gateway) -> None:
    own_gateway.publish(NAP, "nap", environment={"COLOUR": "blue"})
    call = threading.Thread(target=_call_and_lose, args=(own_gateway,))
    call.start()
    eventually(lambda: _busy(own_gateway), 5, "the call runs")
    address, token = own_gateway.url, own_gateway.token
    own_gateway.kill()
    call.join()
    owner = owner_of(own_gateway.folder)
    # Without its gateway an instance ends by itself.
    eventually(lambda: all(c.status == "exited" for c in containers_of(owner)), 5)

    own_gateway.start()
    assert containers_of(owner) == []
    assert (own_gateway.url, own_gateway.token) == (address, token)
    assert own_gateway.call("nap").json == "rested"
    function = own_gateway.client.function("nap")
    assert (function["version"], function["environment"]) == (1, ["COLOUR"])


def test_history_survives_a_stop(own_gateway: Gateway) -> None:
    own_gateway.publish(NAP, "nap")
    identifier = own_gateway.call("nap").headers["faas-invocation-id"]
    assert own_gateway.stop() == 0
    assert containers_of(owner_of(own_gateway.folder)) == []
    own_gateway.start()
    invocation = own_gateway.client.invocation(identifier)
    assert invocation["status"] == 200
    assert [entry["text"] for entry in invocation["logs"]] == ["napping"]


def test_a_stop_lets_running_calls_finish(own_gateway: Gateway) -> None:
    own_gateway.publish(NAP, "nap")
    answers = []
    call = threading.Thread(target=lambda: answers.append(own_gateway.call("nap", {"seconds": 1.5})))
    call.start()
    eventually(lambda: _busy(own_gateway), 5, "the call runs")
    assert own_gateway.stop() == 0
    call.join()
    assert [answer.json for answer in answers] == ["rested"]


def test_a_removed_image_is_made_again(own_gateway: Gateway) -> None:
    own_gateway.publish(NAP, "nap", caps=Caps(idle_seconds=0))
    eventually(lambda: own_gateway.client.function("nap")["instances"] == 0, 10)
    image = own_gateway.client.function("nap")["digest"]
    with closing(docker.from_env()) as client:
        client.images.remove(image, force=True)
        assert own_gateway.call("nap").json == "rested"
        assert client.images.get(own_gateway.client.function("nap")["digest"])


def test_secrets_are_private_on_disk(own_gateway: Gateway) -> None:
    data = own_gateway.folder / "data"
    assert stat.S_IMODE(connection_file(own_gateway.folder / "runtime").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "gateway.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for path in data.rglob("*"):
        if path.is_file():
            assert own_gateway.token.encode() not in path.read_bytes(), path


def test_two_gateways_do_not_share_a_folder(own_gateway: Gateway) -> None:
    second = subprocess.run(
        ["python", "-m", "jupyter_faas.gateway"],
        env={**own_gateway.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == os.EX_TEMPFAIL
    assert "Another gateway" in second.stderr


def test_other_machines_are_let_in_only_when_asked(own_gateway: Gateway, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "remote", "--ip=0.0.0.0")
    with pytest.raises(AssertionError, match="allow_remote"):
        gateway.start()


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    """A second Docker engine beside the machine's, so that stopping it harms nobody."""
    require_docker()
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        if os.environ.get("FAAS_TEST_DOCKER") == "require":
            pytest.fail("this test starts a Docker engine of its own, which takes root and dockerd")
        pytest.skip("only root can start a Docker engine")
    # Not tmp_path: a socket's path has no more than 107 bytes, and containerd's are deep in this folder.
    with tempfile.TemporaryDirectory(prefix="faas-engine-") as folder:
        engine = Engine(Path(folder))
        try:
            yield engine.start()
        finally:
            engine.stop()


class Engine:
    """``dockerd`` in a folder and a network namespace of its own: it would remove the other's bridge."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/docker.sock"
        self._command = [
            *(
                "unshare",
                "--net",
                "dockerd",
                "--data-root",
                f"{folder}/images",
                "--exec-root",
                f"{folder}/exec",
            ),
            *("--pidfile", f"{folder}/docker.pid", "-H", self.url),
            *("--bridge", "none", "--iptables=false", "--ip-forward=false"),
        ]
        self._log = folder / "dockerd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Engine:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        eventually(self._answers, 60, "dockerd answers")
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"dockerd ended:\n{self._log.read_text()[-3000:]}"
        try:
            with closing(docker.DockerClient(self.url)) as client:
                return bool(client.ping())
        except docker.errors.DockerException:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None


def test_a_stopped_engine_is_named_and_recovered_from(own_engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    with running(folder, f"--EngineSettings.docker_url={own_engine.url}") as gateway:
        gateway.publish("def f():\n    return 1\n")
        assert gateway.call("f").json == 1
        own_engine.stop()
        answer = eventually(lambda: _unavailable(gateway), 10, "the call is answered 503")
        assert answer["code"] == "engine-unavailable"
        assert own_engine.url.removeprefix("unix://") in answer["detail"]
        assert gateway.request("GET", "/healthz").status == 200
        assert gateway.client.gateway()["engine_problem"]["code"] == "engine-unavailable"
        own_engine.start()
        eventually(lambda: gateway.call("f").status == 200, 20, "the function is served again")


def _unavailable(gateway: Gateway) -> dict[str, str]:
    answer = gateway.call("f")
    return dict(answer.json) if answer.status == 503 else {}


def _call_and_lose(gateway: Gateway) -> None:
    with pytest.raises((OSError, http.client.HTTPException)):
        gateway.call("nap", {"seconds": 30})


def _busy(gateway: Gateway) -> bool:
    """Whether a call has logged its first line, as seen from outside: by the instance's CPU or by time."""
    marks = [c.status == "running" for c in containers_of(owner_of(gateway.folder))]
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        time.sleep(0.05)
    return any(marks)
