"""Warnings about the notebook's file: edited cells, and cells that ran in another order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.unit.kernel.notebook import Notebook

HELPER = "def helper():\n    return 1"
ENTRY = "%%publish --dry-run\ndef f():\n    return helper()"

Save = Callable[..., None]


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Writes the notebook's file; ``numbers`` are the execution counts that it has."""
    path = tmp_path / "work.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))

    def write(*cells: str, numbers: tuple[int | None, ...] = (), age_seconds: float = -60) -> None:
        made = [nbformat.v4.new_code_cell(source) for source in cells]
        for cell, number in zip(made, numbers, strict=False):
            cell.execution_count = number
        nbformat.write(nbformat.v4.new_notebook(cells=made), path)
        moment = time.time() - age_seconds
        os.utime(path, (moment, moment))

    return write


def warnings(notebook: Notebook, body: str = ENTRY) -> tuple[str, ...]:
    return notebook.capture(body.partition("\n")[2]).receipt.warnings


def test_nothing_is_said_of_a_notebook_as_it_ran(notebook: Notebook, save: Save) -> None:
    save(HELPER, ENTRY, numbers=(1, 2))
    notebook.run(HELPER)
    assert warnings(notebook) == ()


def test_an_edited_cell(notebook: Notebook, save: Save) -> None:
    notebook.run(HELPER)
    edited = HELPER.replace("1", "2")
    save(edited, ENTRY, numbers=(1, None))
    assert warnings(notebook) == (
        "cell In[1] (helper) was edited and hasn't run since: what ran is published. Run it again to publish "
        "it as it is now.",
    )
    notebook.run(edited)
    assert warnings(notebook) == ()


def test_a_file_saved_before_the_cell_ran_says_nothing(notebook: Notebook, save: Save) -> None:
    save(HELPER.replace("1", "2"), ENTRY, numbers=(1, 2), age_seconds=3600)
    notebook.run(HELPER)
    assert warnings(notebook) == ()


def test_a_cell_below_that_ran_before(notebook: Notebook, save: Save) -> None:
    save(ENTRY, HELPER)
    notebook.run(HELPER)
    (warning,) = warnings(notebook)
    assert warning.startswith("cell In[2] stands above In[1] in the notebook, but ran after it: restart")


def test_running_a_cell_above_again_is_no_other_order(notebook: Notebook, save: Save) -> None:
    save("K = [1]\nimport math", "def helper():\n    return math.pi", ENTRY)
    notebook.run("K = [1]\nimport math", "def helper():\n    return math.pi", "K = [1]\nimport math")
    assert warnings(notebook) == ()


def test_cells_are_known_by_the_front_ends_ids(notebook: Notebook, save: Save, tmp_path: Path) -> None:
    save("K = 1", HELPER, ENTRY)
    cells = nbformat.read(tmp_path / "work.ipynb", as_version=4).cells
    for cell in cells:
        notebook.shell.run_cell(cell.source, store_history=True, cell_id=cell.id).raise_error()
    assert warnings(notebook) == ()


def test_a_name_that_a_later_cell_makes_again(notebook: Notebook, save: Save) -> None:
    other = HELPER.replace("1", "2")
    save(HELPER, other, ENTRY)
    notebook.run(HELPER)
    assert warnings(notebook) == (
        "helper is as cell In[1] made it; a cell further down makes it as well, and hasn't run.",
    )
    notebook.run(other, HELPER)
    assert warnings(notebook) == (
        "helper is as cell In[4] made it; a cell further down makes it as well, and ran before it.",
    )


@pytest.mark.parametrize("content", ["{}", "no json", '{"cells": [1]}', '{"cells": 3}'])
def test_a_file_that_is_no_notebook(notebook: Notebook, save: Save, tmp_path: Path, content: str) -> None:
    (tmp_path / "work.ipynb").write_text(content)
    notebook.run(HELPER)
    assert warnings(notebook) == ()
