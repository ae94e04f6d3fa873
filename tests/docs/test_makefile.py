"""The Makefile on a machine where nothing is installed yet; what it would do is read, not done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("target", "extra"),
    [("demo", "test"), ("test", "dev"), ("lint", "dev"), ("bench", "test"), ("soak", "test"), ("lab", "lab")],
)
def test_each_target_begins_by_installing_what_it_needs(target: str, extra: str) -> None:
    command = ["make", "--dry-run", "PYTHON=python3", "VENV=absent", target]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    made, installed = done.stdout.index(".ci/venv python3 absent"), done.stdout.index(f"-e '.[{extra}]'")
    assert made < installed < done.stdout.rindex("absent/bin/")
