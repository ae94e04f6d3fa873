"""The keys of JSON's objects, which are texts, as the types that an annotation gives them.

``jupyter_faas/kernel/keys.py`` says which texts those are.
"""

from __future__ import annotations

import re
import sys
import types
import typing

from .constraints import constrained
from .conversions import key_of
from .faults import Fault, shown
from .generics import is_alias, meaning_of
from .scalars import parsed, scalar_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|NaN|-?Infinity")
TEXTS = (str, typing.Any, object, typing.LiteralString)


def key(annotation: Any, of: Callable[[Any], Convert | None]) -> Convert | None:
    """The conversion of a key's text; ``None`` if the text will do. ``of`` is that of other values."""
    if annotation in TEXTS:
        return None
    if isinstance(annotation, typing.NewType):
        return key(annotation.__supertype__, of)
    if is_alias(annotation) or isinstance(annotation, typing.TypeVar):
        return key(meaning_of(annotation), of)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return constrained(key(arguments[0], of), annotation.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return _first([key(each, of) for each in arguments])
    if origin is typing.Literal:
        return _one_of({_text(each): each for each in arguments})
    if isinstance(annotation, type) and issubclass(annotation, sys.modules["enum"].Enum):
        return _one_of({_text(member): member for member in typing.cast("Any", annotation)})
    named = _NAMED.get(scalar_name(annotation)) if isinstance(annotation, type) else None
    return named or of(annotation)


def _text(value: Any) -> str:
    return key_of(value)


def _first(alternatives: list[Convert | None]) -> Convert:
    def convert(text: Any) -> Any:
        faults = []
        for alternative in alternatives:
            if alternative is None:
                return text
            try:
                return alternative(text)
            except Fault as fault:
                faults += fault.faults
        raise Fault.of(faults)

    return convert


def _one_of(options: dict[str, Any]) -> Convert:
    def convert(text: Any) -> Any:
        if text in options:
            return options[text]
        raise Fault(f"{shown(text)} is not one of {', '.join(map(shown, options))}")

    return convert


def _integer(text: str) -> int:
    if INTEGER.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return float(text)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_NAMED = {
    "builtins.int": parsed(_integer, "an integer"),
    "builtins.float": parsed(_number, "a number"),
    "builtins.bool": parsed(_truth, "true or false"),
}
