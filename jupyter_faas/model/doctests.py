"""The calls that a docstring shows: arguments that fit the function, and what it gives for them."""

from __future__ import annotations

import ast
import doctest
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

__all__ = ["UNKNOWN", "Example", "examples_in"]

UNKNOWN: Final = object()
"""The result of an example that isn't shown, or not as something that JSON has."""


class Example(NamedTuple):
    """One call: its arguments by name, as JSON has them, and its result, or ``UNKNOWN``."""

    arguments: dict[str, Any]
    result: Any


def examples_in(text: str, entry: str, signature: str) -> list[Example]:
    """The calls of ``entry`` among the examples (``>>>``) of ``text`` whose arguments are literals.

    ``signature`` is the function's, as Python writes it: it names what is given by position. What can't be
    read is left out; nothing is evaluated.
    """
    try:
        shown = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return []
    names = _positional(signature)
    found: list[Example] = []
    for each in shown:
        for call, is_all in _calls(each.source, entry):
            arguments = _arguments(call, names)
            if arguments is not None and all(arguments != other.arguments for other in found):
                found.append(Example(arguments, _literal(each.want) if is_all else UNKNOWN))
    return found


def _calls(source: str, entry: str) -> Iterator[tuple[ast.Call, bool]]:
    """Each call of ``entry``, and whether it is the whole expression."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    whole = {id(statement.value) for statement in tree.body if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry:
            yield node, id(node) in whole


def _positional(signature: str) -> list[str]:
    """The parameters that can be given by position; a ``*`` before the last if it takes all the rest."""
    try:
        node = ast.parse(f"def f{signature}: ...").body[0]
    except (SyntaxError, ValueError):
        return []
    if not isinstance(node, ast.FunctionDef):
        return []
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
    return [*names, f"*{node.args.vararg.arg}"] if node.args.vararg else names


def _arguments(call: ast.Call, names: list[str]) -> dict[str, Any] | None:
    given: dict[str, Any] = {}
    places = iter(names)
    name = ""
    for value in call.args:
        name = name if name.startswith("*") else next(places, "")
        read = _json(value)
        if read is UNKNOWN or not name:
            return None
        if name.startswith("*"):
            given.setdefault(name[1:], []).append(read)
        else:
            given[name] = read
    for keyword in call.keywords:
        read = _json(keyword.value)
        if read is UNKNOWN or keyword.arg is None:
            return None
        given[keyword.arg] = read
    return given


def _literal(text: str) -> Any:
    """What an interpreter showed, as JSON has it; no output is ``None``."""
    if not text.strip():
        return None
    try:
        return _json(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError:
        return UNKNOWN


def _json(node: ast.expr) -> Any:
    try:
        return json.loads(json.dumps(ast.literal_eval(node), allow_nan=False))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return UNKNOWN
