"""Where code changes an object in place: what is changed by one call may be seen by the next, or may not."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Final

__all__ = ["mutations"]

# Methods of the commonest containers, arrays, tables and models that change them.
_METHODS: Final = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop"),
        *("popitem", "popleft", "remove", "reverse", "rotate", "setdefault", "sort", "subtract", "update"),
        *("difference_update", "intersection_update", "symmetric_difference_update"),
        *("fill", "itemset", "put", "resize", "setflags"),
        *("fit", "partial_fit", "load_state_dict"),
    }
)


def mutations(tree: ast.AST, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each change in ``tree`` of one of ``names``, with what changes it (``append``, ``[…]``, ``.field``)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            root, how = _root(node), "[…]" if isinstance(node, ast.Subscript) else f".{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _changes(node):
            root, how = _root(node.func), f"{node.func.attr}()"
        else:
            continue
        if root in names:
            yield root, how


def _changes(call: ast.Call) -> bool:
    inplace = any(
        word.arg == "inplace" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )
    return inplace or (isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS)


def _root(node: ast.expr) -> str:
    """The name at the left of ``a.b[c].d``; empty if there is none."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
