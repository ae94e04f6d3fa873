"""What cells have set in libraries: that stays behind, as a library is taken as it was published."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_faas.kernel.cells import Cells
from jupyter_faas.kernel.slice import Slice

__all__ = ["patches"]


def patches(found: Slice, cells: Cells, namespace: Mapping[str, Any]) -> Iterator[str]:
    """A warning for each member of a carried import that a cell has set, one sentence each."""
    imported = {one.name for one in found.imports.values()}
    said: set[str] = set()
    for cell in cells.newest_first():
        for statement in cell.statements:
            for target in getattr(statement, "targets", ()) if isinstance(statement, ast.Assign) else ():
                text = ast.unparse(target)
                if text not in said and _is_in_library(target, imported, namespace):
                    said.add(text)
                    yield (
                        f"{cell.place(statement.lineno)} sets {text}: what is changed in a library isn't "
                        f"carried. Do it inside {found.entry}, or in a module of your own that it imports."
                    )


def _is_in_library(target: ast.expr, imported: set[str], namespace: Mapping[str, Any]) -> bool:
    if not isinstance(target, ast.Attribute):
        return False
    path: list[str] = []
    node = target.value
    while isinstance(node, ast.Attribute):
        path.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imported:
        return False
    owner = namespace.get(node.id)
    for part in path:
        owner = vars(owner).get(part) if isinstance(owner, type | types.ModuleType) else None
    return isinstance(owner, type | types.ModuleType)
