"""What a handler imports first, read from its source; nothing of it is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator

__all__ = ["first_imports"]


def first_imports(source: str, own: Collection[str]) -> tuple[str, ...]:
    """The packages' modules that a handler imports before it does anything that an import could notice.

    In its order; ``module:name`` for ``from module import name``. ``own`` are the author's modules: what
    comes after them may depend on them, and is not read. Python's own modules are left out.
    """
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, None] = {}
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names = list(_names(statement))
            tops = {name.partition(":")[0].partition(".")[0] for name in names}
            if tops & set(own) or "" in tops:
                break
            if not tops <= sys.stdlib_module_names and "jupyter_faas" not in tops:
                found.update(dict.fromkeys(names))
        elif not _harmless(statement):
            break
    return tuple(found)


def _names(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    else:
        module = "" if statement.level else statement.module or ""
        yield from (module if alias.name == "*" else f"{module}:{alias.name}" for alias in statement.names)


def _harmless(statement: ast.stmt) -> bool:
    """Definitions, names given to constants, and docstrings."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return not statement.decorator_list
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
        return not any(
            isinstance(node, ast.Call | ast.Subscript | ast.Attribute) for node in ast.walk(statement)
        )
    return False
