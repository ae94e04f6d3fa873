"""Signatures that are known as text."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Final

__all__ = ["ANY_SIGNATURE", "signature_of"]

ANY_SIGNATURE: Final = "(**arguments)"


class _Code:
    """An annotation or default that is known as text only, shown as it was written."""

    __module__ = "builtins"

    def __init__(self, node: ast.expr) -> None:
        self._text = ast.unparse(node)

    def __repr__(self) -> str:
        return self._text


def signature_of(text: str) -> inspect.Signature:
    """The signature that ``text`` writes, e.g. ``(x: int = 1) -> dict``; nothing in it is evaluated."""
    try:
        node = ast.parse(f"def f{text}: ...").body[0]
    except (SyntaxError, ValueError):
        return signature_of(ANY_SIGNATURE)
    if not isinstance(node, ast.FunctionDef):
        return signature_of(ANY_SIGNATURE)
    kinds, given = inspect.Parameter, node.args
    positional: list[tuple[ast.arg, Any]] = [(each, kinds.POSITIONAL_ONLY) for each in given.posonlyargs]
    positional += [(each, kinds.POSITIONAL_OR_KEYWORD) for each in given.args]
    without = len(positional) - len(given.defaults)
    found = [
        _parameter(each, kind, given.defaults[at - without] if at >= without else None)
        for at, (each, kind) in enumerate(positional)
    ]
    if given.vararg:
        found.append(_parameter(given.vararg, kinds.VAR_POSITIONAL))
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    found += [_parameter(each, kinds.KEYWORD_ONLY, default) for each, default in pairs]
    if given.kwarg:
        found.append(_parameter(given.kwarg, kinds.VAR_KEYWORD))
    return inspect.Signature(found, return_annotation=_code(node.returns, inspect.Signature.empty))


def _parameter(argument: ast.arg, kind: Any, default: ast.expr | None = None) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    annotation = _code(argument.annotation, empty)
    return inspect.Parameter(argument.arg, kind, default=_code(default, empty), annotation=annotation)


def _code(node: ast.expr | None, empty: Any) -> Any:
    if node is None:
        return empty
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    return _Code(node)
