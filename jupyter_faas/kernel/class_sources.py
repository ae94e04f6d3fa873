"""Class statements of the notebook's cells, at the top level and inside functions."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_faas.kernel.cells import Cell, Cells, Function, module_level

__all__ = ["ClassSource", "class_sources"]

_LOCALS = "<locals>"


@dataclass(frozen=True, eq=False)
class ClassSource:
    """The class ``statement`` of ``cell``, the statement ``top`` of the cell's top level that holds it.

    ``functions`` are those around it, outermost first.
    """

    cell: Cell
    statement: ast.ClassDef
    top: ast.stmt
    functions: tuple[Function, ...] = ()

    def holds(self, code: types.CodeType, cells: Cells) -> bool:
        """Whether executing the statement has made ``code``."""
        return cells.contains(self.cell, self.top, code)


def class_sources(qualname: str, cells: Cells) -> Iterator[ClassSource]:
    """The statements that make a class of this ``__qualname__``, the last one executed first."""
    parts = qualname.split(".")
    for cell in cells.newest_first():
        for top in reversed(cell.statements):
            for statement, functions in _inside(top, parts):
                yield ClassSource(cell, statement, top, functions)


def _inside(statement: ast.stmt, parts: Sequence[str]) -> Iterator[tuple[ast.ClassDef, tuple[Function, ...]]]:
    if not isinstance(statement, Function | ast.ClassDef) or statement.name != parts[0]:
        return
    around: tuple[Function, ...] = ()
    rest = parts[1:]
    if isinstance(statement, Function):
        around = (statement,)
        if rest[:1] != [_LOCALS]:
            return
        rest = rest[1:]
    elif not rest:
        yield statement, ()
    if rest:
        for part in module_level(statement.body):
            for found, functions in _inside(part, rest):
                yield found, (*around, *functions)
