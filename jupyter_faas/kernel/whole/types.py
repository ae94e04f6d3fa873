"""Types of parameters: annotations and comments, looked up among Python's own and never evaluated as code."""

from __future__ import annotations

import ast
import typing
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ANY", "Type", "UnknownType", "inferred", "type_in", "type_of"]

_PLAIN: Final = {kind.__name__: kind for kind in (bool, int, float, str, list, dict, tuple, object)}
_TYPING: Final = frozenset({"Any", "Optional", "Union", "Literal", "List", "Dict", "Tuple", "Sequence"})


class UnknownType(ValueError):
    """An annotation that is none of Python's own types; its text says what to write instead."""


@dataclass(frozen=True)
class Type:
    """A type as an object, as the handler writes it (``typing.Literal['x']``), and as it is shown."""

    annotation: Any
    written: str

    @property
    def shown(self) -> str:
        """Without the module."""
        return self.written.replace("typing.", "")


ANY: Final = Type(Any, "typing.Any")


def type_of(node: ast.expr) -> Type:
    """The type that an annotation means; raises ``UnknownType``."""
    try:
        qualified = _qualified(node)
        written = ast.unparse(ast.fix_missing_locations(qualified))
        # Only names of the two tables, subscripts, unions and constants are left in it.
        annotation = eval(written, {"__builtins__": {}, "typing": typing, **_PLAIN})  # noqa: S307
    except (UnknownType, TypeError, SyntaxError, AttributeError, ValueError, RecursionError) as error:
        raise UnknownType(
            f"the type {ast.unparse(node)[:80]!r} is none that a call can give: write bool, int, float, str, "
            "list, dict, tuple, Literal, Any, or unions of them, and convert the value in another cell"
        ) from error
    return Type(annotation, written)


def type_in(comment: str) -> tuple[Type | None, str]:
    """The type in ``type: int | None How many rows``, if there is one, and the rest, which describes.

    The type is as much of the text as can be one; a comment without ``type:`` only describes.
    """
    if not comment.startswith("type:"):
        return None, _described(comment)
    words = comment.removeprefix("type:").split()
    if words[:1] == ["ignore"]:
        return None, ""
    for count in range(len(words), 0, -1):
        try:
            return type_of(ast.parse(" ".join(words[:count]), mode="eval").body), _described(
                " ".join(words[count:])
            )
        except (SyntaxError, ValueError):
            continue
    raise UnknownType(f"the comment 'type: {' '.join(words)[:80]}' begins with no type, such as int or str")


def inferred(default: Any) -> Type:
    """The type that a default suggests; a whole number stands for any number."""
    if isinstance(default, bool):
        return Type(bool, "bool")
    if isinstance(default, int | float):
        return Type(int | float, "int | float")
    for kind in (str, list, dict, tuple):
        if isinstance(default, kind):
            return Type(kind, kind.__name__)
    return ANY


def _described(text: str) -> str:
    return text.strip().removeprefix("help:").strip()


def _qualified(node: ast.expr) -> ast.expr:
    """``node`` with the names of ``typing`` in full; raises ``UnknownType`` for anything that isn't known."""
    match node:
        case ast.Constant(value=None):
            return node
        case ast.Constant(value=str(text)):
            return _qualified(ast.parse(text, mode="eval").body)
        case ast.Name(id=name) if name in _PLAIN:
            return node
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="typing" | "t"), attr=name) if (
            name in _TYPING
        ):
            return ast.Attribute(ast.Name("typing", ast.Load()), name, ast.Load())
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return ast.BinOp(_qualified(left), ast.BitOr(), _qualified(right))
        case ast.Subscript(value=value, slice=inner):
            base = _qualified(value)
            elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            literal = isinstance(base, ast.Attribute) and base.attr == "Literal"
            made = [_constant(each) if literal else _argument(each) for each in elements]
            sliced = ast.Tuple(made, ast.Load()) if isinstance(inner, ast.Tuple) else made[0]
            return ast.Subscript(base, sliced, ast.Load())
    raise UnknownType


def _argument(node: ast.expr) -> ast.expr:
    return node if isinstance(node, ast.Constant) and node.value is ... else _qualified(node)


def _constant(node: ast.expr) -> ast.expr:
    value = ast.literal_eval(node)
    if value is not None and not isinstance(value, bool | int | str):
        raise UnknownType
    return ast.Constant(value)
