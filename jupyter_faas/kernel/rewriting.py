"""Source with some of its expressions replaced, on the lines that it has."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import Final, cast

__all__ = ["indented", "indented_block", "lines_with", "statement_with"]

_INDENT: Final = "    "
_Place = tuple[int, int, int | None, int | None]


def lines_with(lines: Sequence[str], replaced: Mapping[ast.expr, str]) -> list[str]:
    """``lines`` of a cell with other text for those expressions of its tree; as many lines as before."""
    changed = [line.encode() for line in lines]  # the tree counts columns in bytes
    for one in sorted(replaced, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        first, end = one.lineno - 1, (one.end_lineno or one.lineno) - 1
        rest = changed[end][one.end_col_offset or 0 :]
        changed[first] = changed[first][: one.col_offset] + replaced[one].encode()
        for between in range(first + 1, end + 1):
            changed[between] = b""
        changed[end] += rest
    return [line.decode() for line in changed]


def statement_with(statement: ast.stmt, replaced: Mapping[ast.expr, str]) -> ast.stmt:
    """A copy of ``statement`` with those expressions replaced, found by their places."""
    texts = {_place(one): text for one, text in replaced.items()}
    return cast("ast.stmt", _Replacer(texts).visit(copy.deepcopy(statement)))


def indented(lines: Sequence[str], tree: ast.Module) -> str:
    """``lines``, whose tree is ``tree``, indented but for those that begin inside a text."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        ):
            inside.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return "\n".join(
        line if number in inside or not line.strip() else _INDENT + line
        for number, line in enumerate(lines, start=1)
    )


def indented_block(lines: Sequence[str]) -> str:
    """The lines of a statement, whatever their indentation, one level deeper."""
    header = "if True:" if lines[0][:1].isspace() else "pass"
    together = [header, *lines]
    return indented(together, ast.parse("\n".join(together))).split("\n", 1)[1]


def _place(node: ast.expr) -> _Place:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


class _Replacer(ast.NodeTransformer):
    def __init__(self, texts: Mapping[_Place, str]) -> None:
        self._texts = texts

    def visit(self, node: ast.AST) -> ast.AST:
        text = self._texts.get(_place(node)) if isinstance(node, ast.expr) else None
        if text is None:
            return self.generic_visit(node)
        new = ast.parse(text, mode="eval").body
        for part in ast.walk(new):
            ast.copy_location(part, node)
        return new
