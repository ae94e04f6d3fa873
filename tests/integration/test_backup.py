"""A gateway saved while it serves, and restored elsewhere, serves the same functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway

pytestmark = pytest.mark.docker


def command(gateway: Gateway, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_faas.cli", *words],
        env=gateway.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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
