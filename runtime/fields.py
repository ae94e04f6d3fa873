"""Classes with named fields, made of objects: dataclasses, TypedDicts, NamedTuples and classes of attrs.

The twin ``jupyter_faas/kernel/fields.py`` describes the same fields.
"""

from __future__ import annotations

import sys
import typing

from .faults import Fault, converted, shown
from .generics import bindings_of, substituted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]
    Fields = tuple[dict[str, Any], list[str]]

QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly", "Final"})


class Record:
    """The conversion to a class with named fields; ``fields`` are those of its values."""

    def __init__(self, kind: Any, required: list[str]) -> None:
        self._kind = kind
        self._required = frozenset(required)
        self.fields: dict[str, Convert | None] = {}

    def convert(self, value: Any) -> Any:
        """An object of the class; raises ``Fault``."""
        if isinstance(value, list) and hasattr(self._kind, "_fields"):
            if not len(self._required) <= len(value) <= len(self.fields):
                raise Fault(f"has {len(value)} items where a {self._kind.__name__} has {len(self.fields)}")
            value = dict(zip(self.fields, value, strict=False))
        if not isinstance(value, dict):
            raise Fault(f"{shown(value)} is not an object")
        for name in value.keys() ^ self._required:
            if name not in self.fields:
                raise Fault(f"{name!r} is no field of {self._kind.__name__}")
            if name not in value:
                raise Fault(f"{name!r} is a required field of {self._kind.__name__}")
        members = {name: converted(self.fields[name], each, f".{name}") for name, each in value.items()}
        return constructed(lambda: self._kind(**members))


def constructed(make: Callable[[], Any]) -> Any:
    """What ``make`` gives; its refusals are the caller's fault (``__post_init__`` checks what came)."""
    try:
        return make()
    except Fault:
        raise
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Fault(str(error) or type(error).__name__) from None


def fields_of(annotation: Any, scope: dict[str, Any]) -> Fields | None:
    """The annotations of a class's fields and the names of those without a default; ``None`` for others."""
    kind = typing.get_origin(annotation) or annotation
    read = next((read for attribute, read in _READERS.items() if hasattr(kind, attribute)), None)
    if read is None:
        return None
    hints = typing.get_type_hints(kind, localns=scope, include_extras=True)
    bindings = bindings_of(annotation)
    return read(kind, {name: substituted(hint, bindings) for name, hint in hints.items()})


def _dataclass(kind: Any, hints: dict[str, Any]) -> Fields:
    """Of its ``__init__``, which takes an ``InitVar`` too; that is no field."""
    dataclasses = sys.modules["dataclasses"]
    missing = dataclasses.MISSING
    taken = {
        name: field
        for name, field in kind.__dataclass_fields__.items()
        if field.init and field._field_type is not dataclasses._FIELD_CLASSVAR
    }
    bare = [n for n, field in taken.items() if field.default is missing and field.default_factory is missing]
    annotations = {name: hints.get(name, typing.Any) for name in taken}
    for name, hint in annotations.items():
        if isinstance(hint, dataclasses.InitVar):
            annotations[name] = hint.type
    return annotations, bare


def _typed_dict(kind: Any, hints: dict[str, Any]) -> Fields:
    # Where annotations are texts, __required_keys__ doesn't know of NotRequired (PEP 655).
    said = {name: _requiredness(hint) for name, hint in hints.items()}
    required = [name for name in hints if name in kind.__required_keys__ or "Required" in said[name]]
    return hints, [name for name in required if "NotRequired" not in said[name]]


def _requiredness(hint: Any) -> set[str]:
    found = set()
    while (name := getattr(typing.get_origin(hint), "_name", None)) in QUALIFIERS:
        found.add(name)
        hint = typing.get_args(hint)[0]
    return found


def _named_tuple(kind: Any, hints: dict[str, Any]) -> Fields:
    bare = [name for name in kind._fields if name not in kind._field_defaults]
    return {name: hints.get(name, typing.Any) for name in kind._fields}, bare


def _attrs(kind: Any, hints: dict[str, Any]) -> Fields:
    """Under the names that ``__init__`` has for them: without underscores in front."""
    taken = [each for each in kind.__attrs_attrs__ if each.init]
    nothing = sys.modules["attr"].NOTHING
    annotations = {each.alias: hints.get(each.name) or each.type or typing.Any for each in taken}
    return annotations, [each.alias for each in taken if each.default is nothing]


_READERS: dict[str, Callable[[Any, dict[str, Any]], Fields]] = {
    "__dataclass_fields__": _dataclass,
    "__attrs_attrs__": _attrs,
    "__required_keys__": _typed_dict,
    "_fields": _named_tuple,
}
