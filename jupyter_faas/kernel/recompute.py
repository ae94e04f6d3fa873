"""``--recompute``: a value carried as the statements that made it, which run once at the function's start."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from jupyter_faas.kernel.cells import Cell, Cells
from jupyter_faas.kernel.definitions import Definition, NotDefinable, defined_by
from jupyter_faas.kernel.mutations import mutations
from jupyter_faas.kernel.names import uses

__all__ = ["also_bound", "recomputed"]


def recomputed(name: str, cells: Cells) -> Definition:
    """The statements of one cell that bind ``name`` and then change it, in their order; a class statement.

    Raises ``NotDefinable`` if there are none, or if they go on from an earlier value.
    """
    binding = cells.binding(name)
    if binding is None:
        raise NotDefinable("no cell that assigns it is known: run the cell that makes it again")
    cell = binding[0]
    if isinstance(binding[1], ast.ClassDef):  # as it is written, whatever its attributes are by now
        return defined_by(name, cell, binding[1], cells, "recomputed")
    statements = [statement for statement in cell.tree.body if _makes(statement, name)]
    if not statements:
        raise NotDefinable(
            "--recompute is for data and classes: functions and modules are carried as they are"
        )
    bound = {bound for statement in statements for bound in _bound(statement)}
    if name in uses(statements[0]).now:
        raise NotDefinable(
            f"its cell goes on from an earlier {name}: put all that makes it into one cell, and run that"
        )
    together = ast.If(test=ast.Constant(True), body=list(statements), orelse=[])
    ast.fix_missing_locations(ast.copy_location(together, statements[0]))
    text = _text(statements, cell)
    used = uses(together)
    used = replace(used, now=used.now - bound, later=used.later - bound, writes=frozenset())
    return Definition(name, "recomputed", together, text, used, cell, statements[0].lineno)


def also_bound(definition: Definition) -> set[str]:
    """The other names that a recomputed definition binds."""
    return set(_bound(definition.statement)) - {definition.name}


def _makes(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return name in _bound(statement) or any(True for _ in mutations(statement, {name}))


def _bound(statement: ast.AST) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _text(statements: list[ast.stmt], cell: Cell) -> str:
    """Their source, on the lines that they have in the cell, so that tracebacks find them there."""
    lines: list[str] = []
    for statement in statements:
        lines += [""] * (statement.lineno - statements[0].lineno - len(lines))
        lines += (ast.get_source_segment(cell.source, statement) or ast.unparse(statement)).split("\n")
    return "\n".join(lines)
