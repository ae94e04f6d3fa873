"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gateway import Gateway
from tests.support.notebook import execute, read

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.docker


def test_quickstart(gateway: Gateway) -> None:
    execute(read(EXAMPLES / "quickstart.ipynb"), gateway, EXAMPLES)
    program = subprocess.run(
        [sys.executable, EXAMPLES / "call_quickstart.py", gateway.url, gateway.token],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert program.stdout.count("→ 200 in") == 4
    assert '"How are you?"' in program.stdout
    assert '{"quantile":7.6' in program.stdout
    assert '[{"city":"Oslo","sales":8},{"city":"Bergen","sales":4}]' in program.stdout
    logged = [(entry["stream"], entry["text"]) for entry in gateway.client.logs("TestFn")]
    assert logged[:2] == [("INFO", "Hello from TestFn!"), ("INFO", "How are you?")]
