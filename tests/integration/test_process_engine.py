"""Where there is no Docker: the same contract without isolation, and it says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without Docker."""
    with running(tmp_path_factory.mktemp("plain"), engine="process") as gateway:
        yield gateway


def test_from_cell_to_answer(plain: Gateway, tmp_path: Path) -> None:
    notebook = notebook_of(
        [
            "import numpy as np",
            "%%publish --timeout 1s\ndef total(values: list[float], spin: bool = False) -> float:\n"
            "    while spin: pass\n    return np.sum(values)",
        ]
    )
    text = text_of(execute(notebook, plain, tmp_path).cells[-1])
    assert "as a process of your own user" in text
    assert plain.call("total", {"values": [1, 2]}).json == 3.0
    late = plain.call("total", {"values": [], "spin": True})
    assert (late.status, late.code, late.json["phase"]) == (504, "timeout", "run")
    assert late.seconds < 1.25
    assert plain.call("total", {"values": [4]}).json == 4.0
    assert plain.client.gateway()["engine"]["isolates"] is False


def test_data_and_modules_go_along(plain: Gateway, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("from a file")
    (tmp_path / "helpers.py").write_text("def double(x):\n    return 2 * x\n")
    cells = [
        "import helpers\nfrom collections import Counter\ncounts = Counter('aab')",
        "%%publish --file data/x.txt\ndef along() -> list:\n"
        "    return [helpers.double(counts['a']), open('data/x.txt').read()]",
    ]
    execute(notebook_of(cells), plain, tmp_path)
    assert plain.call("along").json == [4, "from a file"]


def test_memory_is_capped(plain: Gateway) -> None:
    source = "import time\ndef allocate(n):\n    x = bytearray(n)\n    time.sleep(1)\n    return len(x)\n"
    plain.publish(source, "allocate", caps=Caps(memory_bytes=100_000_000))
    assert plain.call("allocate", {"n": 1000}).json == 1000
    answer = plain.call("allocate", {"n": 400_000_000})
    assert (answer.status, answer.code) == (502, "out-of-memory"), answer.body
    assert plain.call("allocate", {"n": 1000}).json == 1000


def test_nothing_of_the_gateway_is_seen(plain: Gateway) -> None:
    source = "import os\ndef look():\n    return dict(os.environ)\n"
    plain.publish(source, "look", environment={"COLOUR": "blue"})
    environment = plain.call("look").json
    assert environment["COLOUR"] == "blue"
    own = [name for name in environment if name.startswith(("FAAS", "JUPYTER"))]
    assert own == ["JUPYTER_FAAS_INSTANCE"], "only the mark by which the engine knows its processes"


def test_what_is_not_kept_is_collected_by_the_clock(tmp_path: Path) -> None:
    policy = ("--Retention.keep_versions=1", "--Retention.keep_seconds=0", "--Retention.every_seconds=1")
    with running(tmp_path / "gateway", *policy, engine="process") as gateway:
        for number in range(1, 5):
            gateway.publish(f"def f():\n    return {number}\n")
            if number == 2:
                assert gateway.call("f").json == 2
        client = gateway.client
        eventually(lambda: client.versions("f")["total"] == 2, 20, "4 is the latest, and 2 the way back")
        assert [one["version"] for one in client.versions("f")["versions"]] == [4, 2]
        eventually(lambda: client.disk()["images"]["function"]["count"] == 2, 10, "with their folders")
        assert "2 old versions collected" in gateway.log or "1 old versions collected" in gateway.log
        assert [gateway.call("f@2").json, gateway.call("f").json] == [2, 4]
        assert client.prune()["versions"] == []


def test_a_killed_gateway_leaves_no_process(tmp_path: Path) -> None:
    with running(tmp_path / "gateway", engine="process") as gateway:
        gateway.publish("import os\ndef pid():\n    return os.getpid()\n", "pid")
        worker = gateway.call("pid").json
        gateway.kill()
        eventually(lambda: not Path(f"/proc/{worker}").exists(), 5, "the worker is gone")
        gateway.start()
        assert gateway.call("pid").json not in (worker, os.getpid())
