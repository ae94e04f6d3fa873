"""What README.md shows is run, block by block, in its order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.docker


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    language: str
    text: str


def blocks() -> list[Block]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    return [Block(language, text) for language, text in fences]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway of a reader who has run the README's notebook cells."""
    require_docker()
    folder = tmp_path_factory.mktemp("reader")
    cells = [block.text for block in blocks() if block.language == "python"]
    assert len(cells) >= 3
    with running(folder / "gateway") as gateway:
        execute(notebook_of(cells), gateway, folder)
        yield gateway


def shell(gateway: Gateway, command: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        **gateway.environment,
        "PATH": path,
        "FAAS_GATEWAY": gateway.url,
        "FAAS_TOKEN": gateway.token,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        env=environment,
        cwd=ROOT / "examples",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("block", [b for b in blocks() if b.language == "bash"], ids=lambda b: b.text[:30])
def test_calls_with_curl(reader: Gateway, block: Block) -> None:
    answers = shell(reader, block.text.replace("curl ", "curl -sS --fail-with-body "))
    assert "quantile" in answers


@pytest.mark.parametrize(
    "command",
    [
        line.partition("#")[0].strip()
        for block in blocks()
        for line in block.text.splitlines()
        if not block.language and line.startswith("jupyter faas")
    ],
)
def test_commands(reader: Gateway, command: str) -> None:
    if " serve " in command:
        command = "jupyter faas serve --help"  # it would serve for ever
    if " doctor" in command:
        command += " --json"
    assert shell(reader, command).strip()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"make (\w+)", (ROOT / "README.md").read_text())
    assert set(named) >= {"demo", "test", "bench"}
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
