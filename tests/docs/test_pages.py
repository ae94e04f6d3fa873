"""What the pages of docs/ show is run: the cells of a page in a kernel, then its commands, in their order.

A ``text`` block below a cell or a command is what that shows, where ``…`` stands for anything.
"""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.documents import Block, blocks_of, shell
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCKS = {path.stem: blocks_of(path.read_text()) for path in PAGES}
ELSEWHERE = {
    "data": "tests/docs/test_data.py",
    "system-packages": "tests/integration/test_system_packages.py",
    "whole-notebooks": "tests/docs/test_examples.py",
}
"""Pages whose blocks are parts of what other tests run, in notebooks or with a gateway of their own."""

RUN = [
    page
    for page, blocks in BLOCKS.items()
    if page not in ELSEWHERE and {"python", "bash"} & {block.language for block in blocks}
]


def shows(shown: str, promised: str) -> bool:
    """Whether ``shown`` has the lines ``promised``, whatever the white space."""
    lines = [re.escape(" ".join(line.split())) for line in promised.splitlines() if line.strip()]
    return bool(re.search(".*?".join(lines).replace("…", ".*?"), " ".join(shown.split())))


def promises(blocks: list[Block], language: str) -> list[tuple[str, str]]:
    """The blocks of a language, each with the text that follows it."""
    followed = pairwise([*blocks, Block("", "")])
    return [
        (block.text, after.text if after.language == "text" else "")
        for block, after in followed
        if block.language == language
    ]


@pytest.mark.docker
@pytest.mark.parametrize("page", RUN)
def test_page(page: str, gateway: Gateway, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(ROOT / "examples", folder)
    cells = promises(BLOCKS[page], "python")
    notebook = notebook_of(text for text, _ in cells)
    for cell, (_, promised) in zip(notebook.cells[1:], cells, strict=True):
        if re.match(r"\w*Error", promised):
            cell.metadata["tags"] = ["raises-exception"]
    execute(notebook, gateway, folder)
    for cell, (source, promised) in zip(notebook.cells[1:], cells, strict=True):
        assert shows(text_of(cell), promised), f"{source}\n{text_of(cell)}\n\n{promised}"
    variables = {"FAAS_GATEWAY": gateway.url, "FAAS_TOKEN": gateway.token}
    for command, promised in promises(BLOCKS[page], "bash"):
        written = shell(gateway, command, folder, **variables)
        assert shows(written, promised), f"{command}\n{written}\n\n{promised}"


def test_pages_run_elsewhere() -> None:
    assert all((ROOT / ELSEWHERE[page]).is_file() for page in ELSEWHERE.keys() & BLOCKS.keys())


@pytest.mark.parametrize("path", [ROOT / "README.md", *PAGES], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_the_index_names_every_page_and_example() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", (ROOT / "docs" / "index.md").read_text()))
    assert {page.name for page in PAGES} - {"index.md"} <= linked
    assert {f"../examples/{path.name}" for path in ROOT.glob("examples/*.ipynb")} <= linked
