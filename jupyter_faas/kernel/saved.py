"""The notebook as it is saved, against what ran: cells edited since, and cells run in another order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.cells import Cell, bound_names, transformed
from jupyter_faas.kernel.runs import Runs, runs_of
from jupyter_faas.kernel.slice import Slice

__all__ = ["differences"]

MAX_BYTES: Final = 50 * 10**6


@dataclass(frozen=True)
class _SavedCell:
    position: int
    cell_id: str | None
    number: int | None
    """Its execution count."""
    source: str


def differences(found: Slice, current: Cell, shell: InteractiveShell, path: Path | None) -> Iterator[str]:
    """A warning for each way in which the notebook at ``path`` would not give the function ``found`` again.

    Nothing is said where there is no such file, or it was saved before the cells in question ran.
    """
    runs, cells = runs_of(shell), _read(path)
    if runs is None or not cells or path is None or shell.history_manager is None:
        return
    comparison = _Comparison(cells, path.stat().st_mtime, runs, shell)
    by_order = {cell.order: cell for cell in [*found.used_cells, current]}
    used = [by_order[order] for order in sorted(by_order) if comparison.ran(by_order[order])]
    yield from comparison.edited(used, found)
    yield from comparison.out_of_order(used)
    yield from comparison.made_again_below(found)


def _read(path: Path | None) -> list[_SavedCell]:
    """The code cells of a notebook file (nbformat 4); none if it isn't one."""
    try:
        if path is None or path.suffix != ".ipynb" or path.stat().st_size > MAX_BYTES:
            return []
        cells: list[dict[str, Any]] = json.loads(path.read_bytes())["cells"]
        return [
            _SavedCell(position, cell.get("id"), cell.get("execution_count"), _plain("".join(cell["source"])))
            for position, cell in enumerate(cells)
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _plain(text: str) -> str:
    """``text`` without the blanks at ends of lines and empty lines around, which change nothing."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


class _Comparison:
    def __init__(
        self, cells: Sequence[_SavedCell], saved: float, runs: Runs, shell: InteractiveShell
    ) -> None:
        self._cells = cells
        self._saved = saved
        self._runs = runs
        self._shell = shell
        manager = shell.history_manager
        self._texts = [_plain(text) for text in manager.input_hist_raw] if manager is not None else []

    def ran(self, cell: Cell) -> bool:
        """Whether the history has ``cell``."""
        return 0 < cell.order < len(self._texts)

    def edited(self, used: Sequence[Cell], found: Slice) -> Iterator[str]:
        """Cells whose text was changed and saved after they ran."""
        for cell in used:
            saved = self._saved_as(cell)
            if saved is None or self._saved <= self._runs.of(cell.order).began or saved.source in self._texts:
                continue
            names = sorted(
                one.name for one in found.definitions.values() if one.cell and one.cell.order == cell.order
            )
            of = f" ({', '.join(names)})" if names else ""
            yield (
                f"cell {cell.label}{of} was edited and hasn't run since: what ran is published. Run it "
                "again to publish it as it is now."
            )

    def out_of_order(self, used: Sequence[Cell]) -> Iterator[str]:
        """A cell that needs one below it, as far as the order of their executions tells."""
        placed = [(saved.position, cell) for cell in used if (saved := self._saved_as(cell)) is not None]
        for position, cell in placed:
            first = self._first_run(cell)
            earlier = [other for below, other in placed if below > position and other.order < first]
            if earlier:
                below = max(earlier, key=lambda one: one.order)
                yield (
                    f"cell {cell.label} stands above {below.label} in the notebook, but ran after it: "
                    "restart the kernel and run all cells to see whether it works in their order."
                )
                return

    def made_again_below(self, found: Slice) -> Iterator[str]:
        """A name that a later cell of the notebook would bind anew, if all ran in their order."""
        end = max((saved.position for cell in found.used_cells if (saved := self._saved_as(cell))), default=0)
        for definition in found.definitions.values():
            cell = definition.cell
            saved = self._saved_as(cell) if cell is not None and self.ran(cell) else None
            if cell is None or saved is None:
                continue
            for other in self._cells:
                if saved.position < other.position <= end and self._binds(other, definition.name):
                    fate = "ran before it" if other.source in self._texts else "hasn't run"
                    yield (
                        f"{definition.name} is as cell {cell.label} made it; a cell further down makes it as "
                        f"well, and {fate}."
                    )
                    break

    def _saved_as(self, cell: Cell) -> _SavedCell | None:
        """The cell of the file that ran as ``cell``: of the same id, else of its number."""
        cell_id = self._runs.of(cell.order).cell_id
        if cell_id is not None:
            return next((one for one in self._cells if one.cell_id == cell_id), None)
        text = self._texts[cell.order] if self.ran(cell) else None
        same = [one for one in self._cells if one.source == text]
        if len(same) == 1:
            return same[0]
        numbered = [one for one in self._cells if one.number == cell.order]
        return numbered[0] if len(numbered) == 1 and not same else None

    def _first_run(self, cell: Cell) -> int:
        """The number of the first execution of the same cell of the notebook."""
        cell_id, text = self._runs.of(cell.order).cell_id, self._texts[cell.order]
        for number in range(1, cell.order):
            same_id = cell_id is not None and self._runs.of(number).cell_id == cell_id
            if same_id or self._texts[number] == text:
                return number
        return cell.order

    def _binds(self, saved: _SavedCell, name: str) -> bool:
        if name not in saved.source:
            return False
        try:
            source = transformed(self._shell, saved.source)
        except SyntaxError:
            return False
        statements = Cell("", 0, source).statements
        return any(name in bound_names(statement) for statement in statements)
