"""What README.md shows is run, block by block, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.documents import Block, blocks_of, shell
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.docker


def blocks() -> list[Block]:
    return blocks_of((ROOT / "README.md").read_text())


@pytest.fixture(scope="module")
def reader(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """The gateway of a reader who has run the README's notebook cells, and opened the quickstart."""
    cells = [block.text for block in blocks() if block.language == "python"]
    assert len(cells) >= 3
    execute(notebook_of(cells), gateway, tmp_path_factory.mktemp("reader"))
    return gateway


def run(gateway: Gateway, command: str) -> str:
    return shell(gateway, command, ROOT / "examples", FAAS_GATEWAY=gateway.url, FAAS_TOKEN=gateway.token)


@pytest.mark.parametrize("block", [b for b in blocks() if b.language == "bash"], ids=lambda b: b.text[:30])
def test_calls_with_curl(reader: Gateway, block: Block) -> None:
    answers = run(reader, block.text.replace("curl ", "curl --fail-with-body "))
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
    assert run(reader, command).strip()


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"make (\w+)", (ROOT / "README.md").read_text())
    assert set(named) >= {"demo", "lab", "test", "bench"}
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
