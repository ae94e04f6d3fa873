"""IPython's own syntax in carried code: what only sets the notebook up is dropped, the rest is refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from jupyter_faas.kernel.cells import Cell

__all__ = ["ipython_syntax", "without_set_up"]

# Line magics that change how a notebook shows things, or what its kernel offers, and no result.
_SET_UP: Final = frozenset(
    {"aimport", "autoreload", "autosave", "config", "load_ext", "matplotlib", "precision", "reload_ext"}
)
_INSTALLS: Final = frozenset({"conda", "mamba", "micromamba", "pip", "uv"})


def without_set_up(cell: Cell, *, installs: bool = False) -> Cell:
    """``cell`` with ``pass`` for each line magic that only sets the notebook up, on the same lines.

    ``installs`` says that packages are known otherwise, so that what installs them is left out as well.
    """
    dropped = _SET_UP | _INSTALLS if installs else _SET_UP
    nodes = (node for node in ast.walk(cell.tree) if isinstance(node, ast.Expr))
    statements = [node for node in nodes if _is_magic(node, dropped)]
    if not statements:
        return cell
    lines = [line.encode() for line in cell.lines]  # the tree counts columns in bytes
    for node in statements:
        index = node.lineno - 1
        lines[index] = lines[index][: node.col_offset] + b"pass" + lines[index][node.end_col_offset :]
    return Cell(cell.label, cell.order, b"\n".join(lines).decode(), cell.offset)


def _is_magic(node: ast.Expr, names: frozenset[str]) -> bool:
    if node.lineno != node.end_lineno:
        return False
    match node.value:
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(str(name)), *_]):
            return name in names
        case ast.Call(func=ast.Attribute(attr="system"), args=[ast.Constant(str(line))]) if "pip" in names:
            return line.split()[:2] in (["pip", "install"], ["pip3", "install"], ["conda", "install"])
    return False


def ipython_syntax(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """Each use of ``get_ipython`` with its line, written the way the author wrote it."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    told: set[int] = set()
    for call in calls:
        text = _as_written(call)
        if text is not None:
            told.add(call.lineno)
            yield call.lineno, text
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "get_ipython" and node.lineno not in told:
            yield node.lineno, "get_ipython()"


def _as_written(call: ast.Call) -> str | None:
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr), args=args
        ):
            words = [str(arg.value) for arg in args if isinstance(arg, ast.Constant)]
        case _:
            return None
    match attr:
        case "run_line_magic":
            return "%" + " ".join(words).rstrip()
        case "run_cell_magic":
            return "%%" + " ".join(words[:2]).rstrip()
        case "system" | "getoutput":
            return "!" + " ".join(words)
    return None
