"""What a handler is made of besides imports and constants: statements that define a name."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_faas.kernel.cells import Cell, Cells, Function, first_line
from jupyter_faas.kernel.ipython import without_set_up
from jupyter_faas.kernel.names import Uses, uses
from jupyter_faas.kernel.rewriting import lines_with, statement_with

__all__ = ["Definition", "NotDefinable", "alias_of", "bound_name", "cleaned", "defined_by"]

Kind = Literal["function", "class", "lambda", "closure", "cell", "type", "alias", "value", "recomputed"]


class NotDefinable(ValueError):
    """The object can't be made again from source; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A statement of the handler that binds ``name``; ``line`` is that of its first line in ``cell``.

    ``header`` and ``footer`` are lines around the text that no cell has. ``around`` are objects that the text
    uses by names of the handler's own, because no name of the notebook has them. ``completion`` are lines to
    run as soon as the names ``completed_by`` are there, which may need ``name`` to be defined themselves.
    ``taken_from`` names the class that ``name`` is taken from before that one is completed. ``changes`` tells
    where members of a class were set that its statement doesn't make; ``doubts`` are warnings.
    """

    name: str
    kind: Kind
    statement: ast.stmt
    text: str
    uses: Uses
    cell: Cell | None = None
    line: int = 1
    header: str | None = None
    footer: str | None = None
    around: Mapping[str, Any] = field(default_factory=dict)
    completion: str | None = None
    completed_by: frozenset[str] = frozenset()
    taken_from: str | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def opening(self) -> str | None:
        """The line before the text; one that stood inside an ``if`` or ``try`` needs one around it."""
        return self.header or ("if True:" if self.text[:1].isspace() else None)


def alias_of(name: str, bound: str) -> Definition:
    """``name`` as another name for what ``bound`` is."""
    text = f"{name} = {bound}"
    statement = ast.parse(text).body[0]
    return Definition(name, "alias", statement, text, uses(statement))


def bound_name(statement: ast.stmt) -> str | None:
    """The one name that ``statement`` binds, if it is a definition or a plain assignment."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def defined_by(
    name: str,
    cell: Cell,
    statement: ast.stmt,
    cells: Cells,
    kind: Kind | None = None,
    replaced: Mapping[ast.expr, str] | None = None,
) -> Definition:
    """``statement`` of ``cell`` as it stands there, but for the expressions ``replaced`` in a definition.

    Raises ``NotDefinable`` if it goes on from itself.
    """
    lazy = "annotations" in cells.futures(cell)
    if isinstance(statement, Function | ast.ClassDef):
        cell, statement = cleaned(cell, statement)
        start, end = first_line(statement), statement.end_lineno or statement.lineno
        text = "\n".join(lines_with(cell.lines, replaced or {})[start - 1 : end])
        statement = statement_with(statement, replaced) if replaced else statement
        kind = kind or ("class" if isinstance(statement, ast.ClassDef) else "function")
    else:
        start = statement.lineno
        text = ast.get_source_segment(cell.source, statement) or ast.unparse(statement)
        kind = kind or "lambda"
    used = uses(statement, lazy_annotations=lazy)
    if name in used.now:
        raise NotDefinable("its definition uses an earlier thing of the same name: give that another name")
    return Definition(name, kind, statement, text, used, cell, start)


def cleaned(cell: Cell, statement: ast.stmt) -> tuple[Cell, ast.stmt]:
    """The same statement without what only sets a notebook up."""
    cleaned = without_set_up(cell)
    if cleaned is cell:
        return cell, statement
    at = cell.statements.index(statement)
    return cleaned, cleaned.statements[at]
