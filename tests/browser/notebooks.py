"""Notebooks for the browser: written, opened, their cells run."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.jupyter import JupyterServer

__all__ = ["cell", "notebook", "run", "select"]


def notebook(lab: JupyterServer, name: str, cells: Sequence[str], shown_at: str = "lab/tree") -> str:
    """Write a notebook of code cells; the address at which it opens."""
    content: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }
    (lab.folder / "notebooks" / name).write_text(json.dumps(content))
    return f"{shown_at}/{name}?reset&"


def cell(page: Page, number: int) -> Locator:
    """A code cell of the notebook in front, from 0."""
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(number)


def select(page: Page, number: int) -> None:
    """Make a cell the active one, in command mode."""
    cell(page, number).locator(".jp-InputPrompt").click()


def run(page: Page, *numbers: int) -> None:
    """Run cells, and wait until each has its number."""
    # The notebook's own indicator is idle before there is a kernel, and JupyterLab forgets what is run then.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
    for number in numbers:
        select(page, number)
        page.locator('[data-command="notebook:run-cell-and-select-next"]').first.click()
        expect(cell(page, number).locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"\[\d+\]"), timeout=60_000
        )
