"""Classes with named fields: dataclasses, TypedDicts, NamedTuples and classes of attrs.

The twin beside the function is ``runtime/fields.py``.
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from jupyter_faas.kernel.generics import bindings_of, substituted

__all__ = ["QUALIFIERS", "Fields", "Unreadable", "fields_of"]

QUALIFIERS: Final = frozenset({"Required", "NotRequired", "ReadOnly", "Final"})
"""What says something of a field and nothing of its value."""


class Unreadable(ValueError):
    """The annotations of a class name something that isn't there."""


class Fields(NamedTuple):
    """The annotations of what a class is made of, by name, and the names of those without a default."""

    annotations: dict[str, Any]
    required: list[str]
    is_tuple: bool = False


def fields_of(annotation: Any, scope: Mapping[str, Any]) -> Fields | None:
    """The fields of a class, generic or not; ``None`` if it is no class with fields.

    ``scope`` are the names that its annotations may use; raises ``Unreadable``.
    """
    kind = typing.get_origin(annotation) or annotation
    read = next((read for known, read in _READERS if known(kind)), None)
    if read is None:
        return None
    try:
        hints = typing.get_type_hints(kind, localns=dict(scope), include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise Unreadable(f"the annotations of {kind.__name__} can't be read ({error})") from error
    bindings = bindings_of(annotation)
    fields: Fields = read(kind, {name: substituted(hint, bindings) for name, hint in hints.items()})
    return fields


def _dataclass(kind: Any, hints: Mapping[str, Any]) -> Fields:
    """Of its ``__init__``, which takes an ``InitVar`` too; that is no field."""
    missing = dataclasses.MISSING
    taken = {
        name: field
        for name, field in kind.__dataclass_fields__.items()
        if field.init and field._field_type is not dataclasses._FIELD_CLASSVAR  # type: ignore[attr-defined]
    }
    bare = [
        name for name, field in taken.items() if field.default is missing and field.default_factory is missing
    ]
    annotations = {name: hints.get(name, Any) for name in taken}
    for name, hint in annotations.items():
        if isinstance(hint, dataclasses.InitVar):
            annotations[name] = hint.type
    return Fields(annotations, bare)


def _typed_dict(kind: Any, hints: Mapping[str, Any]) -> Fields:
    # Where annotations are texts, __required_keys__ doesn't know of NotRequired (PEP 655).
    said = {name: _requiredness(hint) for name, hint in hints.items()}
    required = [name for name in hints if name in kind.__required_keys__ or "Required" in said[name]]
    return Fields(dict(hints), [name for name in required if "NotRequired" not in said[name]])


def _requiredness(hint: Any) -> set[str]:
    """The qualifiers around a type; ``ReadOnly`` may stand outside or inside of the others."""
    found = set()
    while (name := getattr(typing.get_origin(hint), "_name", None)) in QUALIFIERS:
        found.add(name)
        hint = typing.get_args(hint)[0]
    return found


def _named_tuple(kind: Any, hints: Mapping[str, Any]) -> Fields:
    bare = [name for name in kind._fields if name not in kind._field_defaults]
    return Fields({name: hints.get(name, Any) for name in kind._fields}, bare, is_tuple=True)


def _attrs(kind: Any, hints: Mapping[str, Any]) -> Fields:
    """Under the names that ``__init__`` has for them: without underscores in front."""
    taken = [each for each in kind.__attrs_attrs__ if each.init]
    nothing = sys.modules["attr"].NOTHING
    annotations = {each.alias: hints.get(each.name) or each.type or Any for each in taken}
    return Fields(annotations, [each.alias for each in taken if each.default is nothing])


_READERS: Final[list[tuple[Any, Any]]] = [
    (dataclasses.is_dataclass, _dataclass),
    (lambda kind: hasattr(kind, "__attrs_attrs__"), _attrs),
    (lambda kind: hasattr(kind, "__required_keys__"), _typed_dict),
    (lambda kind: issubclass(kind, tuple) and hasattr(kind, "_fields"), _named_tuple),
]
