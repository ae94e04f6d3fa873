"""Conversions from JSON to the types that a function's parameters are annotated with.

``jupyter_faas/kernel/schemas.py`` says what JSON each of them takes. Imported only where an annotation is
more than JSON gives by itself. Types of packages are known by name: nothing is imported that the function
hasn't imported itself, and an annotation that can't be read converts nothing.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections import abc

from . import data, scalars
from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]
    Read = Callable[[memoryview, str, str | None], Any]

LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
SETS = (set, frozenset, abc.Set, abc.MutableSet)
DICTS = (dict, abc.Mapping, abc.MutableMapping)
REQUIREDNESS = {"Required", "NotRequired", "ReadOnly"}
JSON_TYPES: dict[Any, str] = {str: "a text", bool: "a truth value", type(None): "null"}


class Parameter:
    """How a value is made: of JSON (``None``: it is right as it is) and, if it can be, of a file."""

    __slots__ = ("convert", "read")

    def __init__(self, convert: Convert | None, read: Read | None) -> None:
        self.convert = convert
        self.read = read


def parameters_of(
    annotations: dict[str, Any], scope: dict[str, Any], variadic: str | None, keywords: str | None
) -> dict[str, Parameter]:
    """The parameters that need a conversion; that of ``**keywords`` is called ``**``."""
    found: dict[str, Parameter] = {}
    for name, annotation in annotations.items():
        try:
            resolved = _resolved(annotation, scope)
        except Exception:  # noqa: S112 - evaluates the author's text; it may only be meant for readers
            continue
        if name == variadic:
            resolved = list[resolved]  # type: ignore[valid-type]
        convert = Converters(scope).of(resolved)
        if convert is not None:
            read = None if name in (variadic, keywords) else _reader(resolved)
            found["**" if name == keywords else name] = Parameter(convert, read)
    return found


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"value": annotation})
    return typing.get_type_hints(holder, globalns=scope, include_extras=True)["value"]


def _reader(annotation: Any) -> Read | None:
    """How a file becomes the value: by the first type in the annotation that a file can be."""
    if isinstance(annotation, typing.NewType):
        return _reader(annotation.__supertype__)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _reader(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        readers = (_reader(each) for each in typing.get_args(annotation))
        return next((reader for reader in readers if reader is not None), None)
    return data.reader(annotation)


class Converters:
    """Makes conversions; ``scope`` are the names that annotations of classes may use.

    A *strict* conversion also proves the types that JSON has: the alternatives of a union are told apart by
    what they refuse, everything else has been checked against the schema.
    """

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._classes: dict[tuple[Any, bool], _Class] = {}

    def of(self, annotation: Any, strict: bool = False) -> Convert | None:
        """The conversion to ``annotation``; ``None`` if JSON's own value will do."""
        if annotation in (typing.Any, object):
            return None
        if annotation is float or annotation in JSON_TYPES:
            return _proven(annotation) if strict else None
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__, strict)
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, typing.get_args(annotation), strict)
        return self._bare(annotation, strict)

    def _generic(
        self, annotation: Any, origin: Any, arguments: tuple[Any, ...], strict: bool
    ) -> Convert | None:
        if origin is typing.Annotated:
            validates = any(_validates(note) for note in annotation.__metadata__)
            return _pydantic(annotation) if validates else self.of(arguments[0], strict)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, strict)
        if origin is typing.Literal:
            return _literal(arguments)
        if getattr(origin, "_name", None) in REQUIREDNESS:
            return self.of(arguments[0], strict)
        if origin in LISTS or origin in SETS or origin in DICTS or origin is tuple:
            return self._container(origin, arguments, strict)
        return data.converter(annotation) or (_pydantic(annotation) if _is_pydantic(origin) else None)

    def _bare(self, annotation: Any, strict: bool) -> Convert | None:
        if annotation in LISTS or annotation in SETS or annotation in DICTS or annotation is tuple:
            return self._container(annotation, (), strict)
        if not isinstance(annotation, type):
            return None
        if _is_pydantic(annotation):
            return _pydantic(annotation)
        return scalars.scalar(annotation) or data.converter(annotation) or self._class(annotation, strict)

    def _union(self, arguments: tuple[Any, ...], strict: bool) -> Convert | None:
        if not strict and all(self.of(argument) is None for argument in arguments):
            return None
        alternatives = [self.of(argument, strict=True) for argument in arguments]

        def convert(value: Any) -> Any:
            faults = []
            for alternative in alternatives:
                if alternative is None:
                    return value
                try:
                    return alternative(value)
                except Fault as fault:
                    faults += fault.faults
            raise Fault.of(faults)

        return convert

    def _container(self, origin: Any, arguments: tuple[Any, ...], strict: bool) -> Convert | None:
        if origin in DICTS:
            values = self.of(arguments[1], strict) if arguments else None
            return _mapping(values) if strict or values is not None else None
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return _row([self.of(kind, strict) for kind in arguments], tuple)
        items = self.of(arguments[0], strict) if arguments else None
        if origin in LISTS:
            if arguments and arguments[0] is int:
                return _integers
            return _sequence(items) if strict or items is not None else None
        made = tuple if origin is tuple else frozenset if origin is frozenset else set
        return _made(_sequence(items), made)

    def _class(self, kind: Any, strict: bool) -> Convert | None:
        if issubclass(kind, sys.modules["enum"].Enum):
            return _enum(kind)
        key = (kind, strict)
        if key in self._classes:
            return self._classes[key].convert
        if not _has_fields(kind):
            return None
        hints = typing.get_type_hints(kind, localns=self._scope, include_extras=True)
        names, required = _fields_of(kind, hints)
        made = self._classes[key] = _Class(kind, required)  # before its fields: they may refer to it
        made.fields = {name: self.of(hints.get(name, typing.Any), strict) for name in names}
        return made.convert


class _Class:
    """A class with named fields: a dataclass, a TypedDict or a NamedTuple."""

    def __init__(self, kind: Any, required: frozenset[str]) -> None:
        self._kind = kind
        self._required = required
        self.fields: dict[str, Convert | None] = {}

    def convert(self, value: Any) -> Any:
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
        members = {name: _converted(self.fields[name], each, f".{name}") for name, each in value.items()}
        return _constructed(lambda: self._kind(**members))


def _has_fields(kind: Any) -> bool:
    named_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return named_tuple or hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__required_keys__")


def _fields_of(kind: Any, hints: dict[str, Any]) -> tuple[list[str], frozenset[str]]:
    """The names of a class's fields, and those of them that have no default."""
    if hasattr(kind, "__dataclass_fields__"):
        dataclasses = sys.modules["dataclasses"]
        fields = [field for field in dataclasses.fields(kind) if field.init]
        missing = dataclasses.MISSING
        bare = (each.name for each in fields if each.default is missing and each.default_factory is missing)
        return [field.name for field in fields], frozenset(bare)
    if hasattr(kind, "__required_keys__"):
        # Where annotations are texts, __required_keys__ doesn't know of NotRequired (PEP 655).
        said = {name: getattr(typing.get_origin(hint), "_name", "") for name, hint in hints.items()}
        required = {name for name in hints if name in kind.__required_keys__ or said[name] == "Required"}
        return list(hints), frozenset(name for name in required if said[name] != "NotRequired")
    return list(kind._fields), frozenset(kind._fields) - kind._field_defaults.keys()


def _constructed(make: Callable[[], Any]) -> Any:
    """What ``make`` gives; its refusals are the caller's fault (``__post_init__`` checks what came)."""
    try:
        return make()
    except (ValueError, TypeError) as error:
        raise Fault(str(error) or type(error).__name__) from None


def _converted(convert: Convert | None, value: Any, path: str) -> Any:
    if convert is None:
        return value
    try:
        return convert(value)
    except Fault as fault:
        raise fault.inside(path) from None


def _sequence(items: Convert | None) -> Convert:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Fault(f"{shown(value)} is not an array")
        if items is None:
            return value
        done: list[Any] = []
        try:
            for each in value:
                done.append(items(each))  # its length tells where a fault is
        except Fault as fault:
            raise fault.inside(f"[{len(done)}]") from None
        return done

    return convert


def _integers(value: Any) -> Any:
    """An array of integers, checked without a step of Python for each."""
    if isinstance(value, list) and set(map(type, value)) <= {int}:
        return value
    return _integers_one_by_one(value)


_integers_one_by_one: Convert = _sequence(scalars.integer)


def _row(columns: list[Convert | None], kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(columns):
            raise Fault(f"{shown(value)} is not an array of {len(columns)} items")
        pairs = zip(columns, value, strict=True)
        return kind(_converted(column, each, f"[{at}]") for at, (column, each) in enumerate(pairs))

    return convert


def _mapping(values: Convert | None) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{shown(value)} is not an object")
        if values is None:
            return value
        return {name: _converted(values, each, f".{name}") for name, each in value.items()}

    return convert


def _made(items: Convert, kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        return _constructed(lambda: kind(items(value)))  # unhashable items of a set are refused here

    return convert


def _proven(kind: Any) -> Convert:
    """The check that a value is of a type that JSON has."""

    def check(value: Any) -> Any:
        if kind is float and type(value) in (int, float):
            return value
        if type(value) is kind:
            return value
        raise Fault(f"{shown(value)} is not {JSON_TYPES.get(kind, 'a number')}")

    return check


def _literal(options: tuple[Any, ...]) -> Convert:
    def convert(value: Any) -> Any:
        for option in options:
            if option == value and isinstance(option, bool) is isinstance(value, bool):
                return option  # 1 where the JSON says 1.0
        raise Fault(f"{shown(value)} is not one of {', '.join(map(shown, options))}")

    return convert


def _enum(kind: Any) -> Convert:
    of_value = _literal(tuple(member.value for member in kind))

    def convert(value: Any) -> Any:
        return kind(of_value(value))

    return convert


def _validates(note: Any) -> bool:
    return type(note).__module__.startswith("pydantic.functional")


def _is_pydantic(kind: Any) -> bool:
    own = getattr(kind, "__dict__", ())
    return hasattr(kind, "__get_pydantic_core_schema__") or "__pydantic_validator__" in own


def _pydantic(annotation: Any) -> Convert:
    """Validated as the JSON that it is: that, and not Python's values, is what strict models take too."""
    pydantic = sys.modules["pydantic"]
    adapter = pydantic.TypeAdapter(annotation)

    def convert(value: Any) -> Any:
        try:
            return adapter.validate_json(json.dumps(value))
        except pydantic.ValidationError as error:
            raise Fault.of([(_path(each["loc"]), each["msg"]) for each in error.errors()]) from None

    return convert


def _path(place: tuple[str | int, ...]) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in place)
