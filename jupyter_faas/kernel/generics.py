"""Type variables and aliases in annotations, put in place of what they stand for.

The twin beside the function is ``runtime/generics.py``.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

__all__ = ["bindings_of", "is_alias", "meaning_of", "substituted"]


def bindings_of(annotation: Any) -> dict[Any, Any]:
    """What the type variables of a generic class and its bases stand for: ``T: int`` of ``Box[int]``."""
    kind = typing.get_origin(annotation) or annotation
    own = dict(zip(getattr(kind, "__parameters__", ()), typing.get_args(annotation), strict=False))
    inherited: dict[Any, Any] = {}
    for base in vars(kind).get("__orig_bases__", getattr(kind, "__bases__", ())):
        if (typing.get_origin(base) or base) not in (object, typing.Generic, typing.Protocol):
            inherited |= bindings_of(substituted(base, own))
    return {**inherited, **own}


def substituted(annotation: Any, bindings: Mapping[Any, Any]) -> Any:
    """``annotation`` with what its type variables stand for."""
    if isinstance(annotation, typing.TypeVar):
        return bindings.get(annotation, annotation)
    variables = () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())
    if not any(each in bindings for each in variables):
        return annotation
    return annotation[tuple(bindings.get(each, each) for each in variables)]


def is_alias(annotation: Any) -> bool:
    """Whether it is what ``type Name = …`` makes (PEP 695), of Python's own or of typing_extensions."""
    return type(typing.get_origin(annotation) or annotation).__name__ == "TypeAliasType"


def meaning_of(annotation: Any) -> Any:
    """What an alias or an open type variable stands for."""
    if isinstance(annotation, typing.TypeVar):
        if annotation.__constraints__:
            return typing.Union[annotation.__constraints__]  # noqa: UP007  of a tuple
        return annotation.__bound__ or Any
    alias = typing.get_origin(annotation) or annotation
    variables = dict(zip(alias.__type_params__, typing.get_args(annotation), strict=False))
    return substituted(alias.__value__, variables)
