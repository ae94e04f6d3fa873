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

from . import containers, data, scalars
from .constraints import constrained, pydantic_validates
from .faults import Fault, shown
from .fields import QUALIFIERS, Record, constructed, fields_of
from .generics import is_alias, meaning_of
from .keys import key
from .packagescalars import package_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]
    Read = Callable[[memoryview, str, str | None], Any]

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
        if name == keywords and typing.get_origin(resolved) is typing.Unpack:
            found.update(_options(typing.get_args(resolved)[0], scope))
            continue
        if name == variadic:
            resolved = list[resolved]  # type: ignore[valid-type]
        convert = Converters(scope).of(resolved)
        if convert is not None:
            read = None if name in (variadic, keywords) else _reader(resolved)
            found["**" if name == keywords else name] = Parameter(convert, read)
    return found


def _options(annotation: Any, scope: dict[str, Any]) -> dict[str, Parameter]:
    """The parameters that ``**options: Unpack[Options]`` stands for (PEP 692)."""
    fields, _ = fields_of(annotation, scope) or ({}, [])
    converters = Converters(scope)
    return {name: Parameter(converters.of(each), _reader(each)) for name, each in fields.items()}


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    """The annotation as an object; raises whatever its text does."""
    holder = types.SimpleNamespace(__annotations__={"value": annotation})
    return typing.get_type_hints(holder, globalns=scope, include_extras=True)["value"]


def _reader(annotation: Any) -> Read | None:
    """How a file becomes the value: by the first type in the annotation that a file can be."""
    if isinstance(annotation, typing.NewType):
        return _reader(annotation.__supertype__)
    if is_alias(annotation) or isinstance(annotation, typing.TypeVar):
        return _reader(meaning_of(annotation))
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _checked(_reader(typing.get_args(annotation)[0]), annotation)
    if _is_array_like(annotation):
        return data.reader(sys.modules["numpy"].ndarray)
    if origin in (typing.Union, types.UnionType):
        readers = (_reader(each) for each in typing.get_args(annotation))
        return next((reader for reader in readers if reader is not None), None)
    return data.reader(annotation)


def _checked(read: Read | None, annotation: Any) -> Read | None:
    check = constrained(None, annotation.__metadata__)
    if read is None or check is None:
        return read
    return lambda *given: check(read(*given))


def _is_array_like(annotation: Any) -> bool:
    """Whether it is ``numpy.typing.ArrayLike``, a union of what numpy makes arrays of."""
    return "numpy.typing" in sys.modules and annotation == sys.modules["numpy.typing"].ArrayLike


class Converters:
    """Makes conversions; ``scope`` are the names that annotations of classes may use.

    A *strict* conversion also proves the types that JSON has: the alternatives of a union are told apart by
    what they refuse, everything else has been checked against the schema.
    """

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._records: dict[tuple[Any, bool], Record] = {}
        self._aliases: dict[tuple[Any, bool], list[Convert | None]] = {}

    def of(self, annotation: Any, strict: bool = False) -> Convert | None:
        """The conversion to ``annotation``; ``None`` if JSON's own value will do."""
        if isinstance(annotation, (str, typing.ForwardRef)):  # inside of an alias
            text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
            return self.of(_resolved(text, self._scope), strict)
        if annotation in (typing.Any, object):
            return None
        if annotation is typing.LiteralString:
            annotation = str
        if annotation is None:
            annotation = type(None)
        if annotation is float or annotation in JSON_TYPES:
            return _proven(annotation) if strict else None
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__, strict)
        if isinstance(annotation, typing.TypeVar):
            return self.of(meaning_of(annotation), strict)
        if is_alias(annotation):
            return self._alias(annotation, strict)
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, typing.get_args(annotation), strict)
        return self._bare(annotation, strict)

    def _generic(
        self, annotation: Any, origin: Any, arguments: tuple[Any, ...], strict: bool
    ) -> Convert | None:
        if origin is typing.Annotated:
            if pydantic_validates(annotation.__metadata__):
                return _pydantic(annotation)
            return constrained(self.of(arguments[0], strict), annotation.__metadata__)
        if origin in (typing.Union, types.UnionType):
            return self._union(annotation, arguments, strict)
        if origin is typing.Literal:
            return _literal(arguments)
        if getattr(origin, "_name", None) in QUALIFIERS or origin is typing.Final:
            return self.of(arguments[0], strict)
        if containers.is_container(origin):
            return self._container(origin, arguments, strict)
        return self._class(annotation, origin, strict) if isinstance(origin, type) else None

    def _bare(self, annotation: Any, strict: bool) -> Convert | None:
        if containers.is_container(annotation):
            return self._container(annotation, (), strict)
        return self._class(annotation, annotation, strict) if isinstance(annotation, type) else None

    def _union(self, annotation: Any, arguments: tuple[Any, ...], strict: bool) -> Convert | None:
        if _is_array_like(annotation):
            return data.converter(sys.modules["numpy"].ndarray)
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
        if origin in containers.DICTS:
            return self._mapping(origin, arguments, strict)
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return containers.row([self.of(kind, strict) for kind in arguments if kind != ()])
        items = self.of(arguments[0], strict) if arguments else None
        if origin in containers.LISTS:
            make = containers.LISTS[origin]
            if arguments and arguments[0] is int:
                return containers.made_by(make, containers.integers)
            if make is None and not strict and items is None:
                return None
            return containers.made_by(make, containers.sequence(items))
        return containers.made_by(containers.SETS.get(origin, tuple), containers.sequence(items))

    def _mapping(self, origin: Any, arguments: tuple[Any, ...], strict: bool) -> Convert | None:
        keys = key(arguments[0], lambda kind: self.of(kind, strict=True)) if arguments else None
        if sys.modules["collections"].Counter is origin:
            arguments = (*arguments, int)[:2] if arguments else (typing.Any, int)
        values = self.of(arguments[1], strict) if arguments else None
        make = containers.DICTS[origin]
        if sys.modules["collections"].defaultdict is origin and arguments:
            make = containers.defaulting(arguments[1])
        if make is None and keys is None and values is None and not strict:
            return None
        return containers.made_by(make, containers.mapping(keys, values))

    def _class(self, annotation: Any, kind: Any, strict: bool) -> Convert | None:
        known = scalars.scalar(kind) or package_scalar(kind) or data.converter(annotation)
        if known is not None:
            return known
        if kind is float or scalars.scalar_name(kind) == "builtins.float":  # numbers.Real
            return _proven(float) if strict else None
        if kind in (range, slice):
            return containers.bounds(kind)
        if _is_pydantic(kind):
            return _pydantic(annotation)
        if issubclass(kind, sys.modules["enum"].Enum):
            return _enum(kind)
        return self._record(annotation, strict)

    def _record(self, annotation: Any, strict: bool) -> Convert | None:
        place = (annotation, strict)
        if place in self._records:
            return self._records[place].convert
        found = fields_of(annotation, self._scope)
        if found is None:
            return None
        annotations, required = found
        # Before its fields: they may refer to it.
        made = self._records[place] = Record(typing.get_origin(annotation) or annotation, required)
        made.fields = {name: self.of(each, strict) for name, each in annotations.items()}
        return made.convert

    def _alias(self, annotation: Any, strict: bool) -> Convert | None:
        """That of what it means; one that refers to itself finds its conversion when it is needed."""
        place = (annotation, strict)
        if place in self._aliases:
            later = self._aliases[place]
            return lambda value: value if later[0] is None else later[0](value)
        made = self._aliases[place] = [None]
        made[0] = self.of(meaning_of(annotation), strict)
        return made[0]


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
    plain = [(getattr(option, "value", option), option) for option in options]  # members of an Enum

    def convert(value: Any) -> Any:
        for known, option in plain:
            if known == value and isinstance(known, bool) is isinstance(value, bool):
                return option  # 1 where the JSON says 1.0
        raise Fault(f"{shown(value)} is not one of {', '.join((shown(known) for known, _ in plain))}")

    return convert


def _enum(kind: Any) -> Convert:
    if issubclass(kind, sys.modules["enum"].Flag):
        return lambda value: constructed(lambda: kind(scalars.integer(value)))
    of_value = _literal(tuple(member.value for member in kind))

    def convert(value: Any) -> Any:
        return kind(of_value(value))

    return convert


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
