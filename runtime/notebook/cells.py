"""Cells as their author counts them: from 1, without the one that a call puts in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

INJECTED = "injected-parameters"


def tags_of(cell: Any) -> list[str]:
    """The cell's tags."""
    return [str(tag) for tag in cell.metadata.get("tags", ())]


def numbered(notebook: Any) -> Iterator[tuple[int, int, Any]]:
    """Number and index of each cell, and the cell; the one put in has the number of that before it."""
    number = 0
    for index, cell in enumerate(notebook.cells):
        number += INJECTED not in tags_of(cell)
        yield number, index, cell


def is_code(cell: Any) -> bool:
    """Whether there is something in it to run."""
    return bool(cell.cell_type == "code" and cell.source.strip())


def first_line(cell: Any) -> str:
    """The first line of it that isn't empty."""
    return next((text.strip() for text in cell.source.splitlines() if text.strip()), "")
