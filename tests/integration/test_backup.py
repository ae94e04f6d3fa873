"""A gateway saved while it serves, and restored elsewhere, serves the same functions."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway without Docker: what is saved is the same, and versions come faster."""
    with running(tmp_path / "plain", engine="process") as gateway:
        yield gateway


def command(gateway: Gateway, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_faas.cli", *words],
        env=gateway.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_saved_under_load_it_is_whole(plain: Gateway, tmp_path: Path) -> None:
    """Whatever is saved while versions come: each has its bundle, and an alias leads to one that is there."""
    plain.publish("def f():\n    return 1\n")
    file, copy = tmp_path / "faas.tar", tmp_path / "copy"
    with ThreadPoolExecutor(2) as pool, stopping() as stop:
        pool.submit(_publish_on, plain, stop)
        calls = pool.submit(_call_on, plain, stop)
        saved = 0
        for _ in range(3):
            eventually(partial(_has_more_than, plain, saved), 20, "another version came")
            saved = _saved(plain, file)["versions"]
        stop.set()
        assert calls.result() > 10, "calls went on"
    restored = command(plain, "restore", str(file), "--data-dir", str(copy / "data"))
    assert restored.returncode == 0, restored.stderr
    with running(copy, engine="process") as second:
        page = second.client.versions("f", limit=100)
        assert page["total"] == page["latest"] == len(page["versions"]) >= 2
        for number in (1, page["latest"] - 1, page["latest"]):
            assert second.call(f"f@{number}").json == number
        assert second.call("f").json == page["latest"]
        calls_kept = second.client.invocations("f", 1000)
        assert all(call["version"] <= page["latest"] for call in calls_kept)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that is set at the end, whatever happens: nobody waits for what goes on for ever."""
    stop = threading.Event()
    try:
        yield stop
    finally:
        stop.set()


def _has_more_than(gateway: Gateway, versions: int) -> bool:
    return bool(gateway.client.function("f")["version"] > versions)


def _saved(gateway: Gateway, file: Path) -> dict[str, Any]:
    file.unlink(missing_ok=True)
    saved = command(gateway, "backup", str(file), "--json")
    assert saved.returncode == 0, saved.stderr
    told: dict[str, Any] = json.loads(saved.stdout)
    assert told["missing_bundles"] == []
    return told


def _publish_on(gateway: Gateway, stop: threading.Event) -> None:
    number = 1
    while not stop.is_set():
        number += 1
        gateway.publish(f"def f():\n    return {number}\n")


def _call_on(gateway: Gateway, stop: threading.Event) -> int:
    calls = 0
    while not stop.is_set():
        assert gateway.call("f").status == 200
        calls += 1
    return calls


def test_saved_while_serving_and_restored(own_gateway: Gateway, tmp_path: Path) -> None:
    require_docker()
    own_gateway.publish("def f():\n    return 'first'\n")
    own_gateway.publish(
        "import os\ndef f():\n    return os.environ['COLOUR']\n", environment={"COLOUR": "blue"}
    )
    file, copy = tmp_path / "faas.tar", tmp_path / "copy"
    saved = command(own_gateway, "backup", str(file))
    assert (saved.returncode, saved.stderr) == (0, "")
    refused = command(own_gateway, "restore", str(file), "--force")
    assert refused.returncode == 1
    assert "jupyter faas stop" in refused.stderr
    restored = command(own_gateway, "restore", str(file), "--data-dir", str(copy / "data"))
    assert "1 function (2 versions)" in restored.stdout, restored.stderr
    with running(copy) as second:
        assert second.call("f").json == "blue"
        assert second.call("f@1").json == "first"
        assert own_gateway.call("f").json == "blue"  # side by side on one engine
