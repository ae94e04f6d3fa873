"""The keys of dictionaries: JSON has texts only, so a key is the text that stands for it."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from jupyter_faas.kernel.constraints import constrained
from jupyter_faas.kernel.generics import is_alias, meaning_of
from jupyter_faas.kernel.instead import written
from jupyter_faas.model.scalars import KEY_SCALARS, SCALARS
from jupyter_faas.model.typenames import TYPE, name_of

__all__ = ["UnusableKey", "key_schema"]

_TEXTS: Final = (str, Any, object, typing.LiteralString)


class UnusableKey(ValueError):
    """A type whose values no text stands for."""


def key_schema(annotation: Any) -> dict[str, Any]:
    """The schema of the texts that stand for keys; empty if any does. Raises ``UnusableKey``."""
    if annotation in _TEXTS:
        return {}
    if isinstance(annotation, typing.NewType):
        return key_schema(annotation.__supertype__)
    if is_alias(annotation) or isinstance(annotation, typing.TypeVar):
        return key_schema(meaning_of(annotation))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        inner = key_schema(arguments[0])
        return inner if TYPE in inner else constrained({"type": "string", **inner}, annotation.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [key_schema(each) for each in arguments]}
    if origin is typing.Literal:
        return _one_of(arguments)
    kind = origin or annotation
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _one_of([member.value for member in kind])
        scalar = KEY_SCALARS.get(name_of(kind)) or SCALARS.get(name_of(kind))
        if scalar is not None and "contentEncoding" not in scalar.schema:
            schema = scalar.schema
            text = next((each for each in schema.get("anyOf", ()) if each["type"] == "string"), schema)
            return {**text, TYPE: name_of(kind)}
    raise UnusableKey(
        f"a {written(annotation)} is no key of a JSON object: take str, int, a date, an Enum or the like, "
        "or a list of pairs: list[tuple[…, …]]"
    )


def _one_of(values: Sequence[Any]) -> dict[str, Any]:
    if not values or not all(
        value is None or isinstance(value, bool | int | float | str) for value in values
    ):
        raise UnusableKey("a key is one of values that no text stands for: give them texts or numbers")
    kinds = {name_of(type(value)) for value in values}
    told = {TYPE: kinds.pop()} if len(kinds) == 1 and kinds <= KEY_SCALARS.keys() else {}
    return {"enum": [_text(value) for value in values], **told}


def _text(value: Any) -> str:
    """As ``runtime/conversions.py`` writes keys."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return str.__str__(value)
    return int.__repr__(value) if isinstance(value, int) else float.__repr__(value)
