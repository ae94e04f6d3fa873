"""Whole notebooks where calls share nothing (``--isolate call``), and their images without a gateway."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
import nbformat
import pytest

from tests.integration.test_standalone_image import port_of, status_of
from tests.integration.test_whole_notebooks import code, publish, written
from tests.support.docker import owner_of
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

LEAVES = """\
import os, pathlib, sys, threading, time

home = pathlib.Path.home()
found = {
    "variable": os.environ.get("LEFT"),
    "file": [str(path) for path in (home / "left", pathlib.Path("/tmp/left"), pathlib.Path("/dev/shm/left"))
             if path.exists()],
    "module": "colorsys" in sys.modules,
    "children": [name for name in os.listdir("/proc") if name.isdigit()
                 and b"sleep" in pathlib.Path("/proc", name, "cmdline").read_bytes()],
}
os.environ["LEFT"] = "yes"
(home / "left").write_text("x")
for place in ("/tmp/left", "/dev/shm/left"):
    pathlib.Path(place).write_text("x")
import colorsys
os.system("setsid sleep 300 > /dev/null 2>&1 &")
threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
%cd -q /tmp
if how == "exit":
    os._exit(3)
if how == "fail":
    raise ValueError(how)"""


@pytest.fixture(scope="module")
def leaves(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """The gateway with a notebook that leaves all that it can, published twice."""
    folder = tmp_path_factory.mktemp("alone")
    cells = [code('how = "well"', "parameters"), code(LEAVES), code("{**found, 'how': how}")]
    path = written(folder, cells)
    for name, isolate in (("leaves", "call"), ("leaves-warm", "worker")):
        done = publish(gateway, path, "--name", name, "--isolate", isolate, "--max-instances", "1")
        assert done.returncode == 0, done.stderr
    return gateway


def test_nothing_is_left_for_the_next_call(leaves: Gateway) -> None:
    clean: dict[str, Any] = {"variable": None, "file": [], "module": False, "children": []}
    for how in ("well", "fail", "well", "exit", "well"):
        answer = leaves.call("leaves", {"how": how})
        if how == "well":
            assert (answer.status, answer.json) == (200, {**clean, "how": "well"}), answer.body
        else:
            assert answer.status == (500 if how == "fail" else 502), answer.body
            assert answer.json["cell"] == 2


def test_calls_of_a_worker_share_its_scratch_and_nothing_else(leaves: Gateway) -> None:
    for how in ("well", "exit", "well"):
        answer = leaves.call("leaves-warm", {"how": how})
    assert (answer.json["variable"], answer.json["module"], answer.json["children"]) == (None, False, [])


@pytest.fixture(scope="module")
def alone(leaves: Gateway) -> Iterator[str]:
    """Where the notebook's image serves, run with nothing but ``PORT``."""
    image = leaves.client.function("leaves-warm")["digest"]
    with closing(docker.from_env()) as client:
        container = client.containers.run(
            image,
            detach=True,
            environment={"PORT": "8080"},
            ports={"8080/tcp": ("127.0.0.1", 0)},
            labels={"jupyter-faas.owner": owner_of(leaves.folder)},
        )
        try:
            port = eventually(lambda: port_of(container), 10, "the port is published")
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: status_of(f"{url}/healthz") == 200, 60, "the image serves")
            yield url
        finally:
            container.remove(force=True)


def post(url: str, arguments: dict[str, Any], accept: str) -> tuple[int, str, bytes]:
    request = urllib.request.Request(
        url, json.dumps(arguments).encode(), {"Accept": accept, "Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.headers["Content-Type"], response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_the_image_alone_gives_every_form(alone: str) -> None:
    status, kind, body = post(alone, {}, "application/json")
    assert (status, json.loads(body)["how"]) == (200, "well"), body
    status, kind, body = post(alone, {}, "text/html")
    assert (status, kind.partition(";")[0]) == (200, "text/html")
    assert b"setsid" in body
    status, kind, body = post(f"{alone}/?hide_input=1", {}, "text/html")
    assert status == 200, body
    assert b"setsid" not in body
    status, kind, body = post(alone, {"how": "told"}, "application/x-ipynb+json")
    assert (status, kind) == (200, "application/x-ipynb+json")
    assert "how = 'told'" in "".join(cell.source for cell in nbformat.reads(body.decode(), 4).cells).replace(
        '"', "'"
    )
    status, kind, body = post(alone, {}, "text/event-stream")
    assert (status, kind.partition(";")[0]) == (200, "text/event-stream")
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert events[0] == {"state": "started", "cell": 1, "of": 3, "tags": ["parameters"]}
    assert events[-1]["result"]["how"] == "well"


def test_the_image_alone_says_which_cell_failed(alone: str) -> None:
    status, kind, body = post(alone, {"how": "fail"}, "text/html")
    problem = json.loads(body)
    assert (status, kind, problem["code"]) == (500, "application/problem+json", "handler-error")
    assert (problem["cell"], problem["exception"], problem["message"]) == (2, "ValueError", "fail")
    assert post(alone, {"how": 3}, "*/*")[0] == 422
    assert post(alone, {}, "image/png")[0] == 406
    assert post(alone, {"how": "exit"}, "*/*")[0] == 502
    assert post(alone, {}, "*/*")[0] == 200
