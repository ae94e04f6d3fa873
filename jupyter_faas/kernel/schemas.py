"""Annotations as JSON Schema (2020-12): what JSON must look like for ``runtime/converters.py`` to make the
annotated type of it.

A parameter that a file can fill has the member ``x-faas-media``: the media types that it takes as a raw
body or as a part of ``multipart/form-data``; in the schema of a result it names the forms that there are.
``x-faas-type`` is the Python type where JSON's own types don't tell it: gateways check texts by it before a
call, clients make real values of results by it.
"""

from __future__ import annotations

import collections
import inspect
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from enum import Enum, Flag
from typing import Any, Final

import pydantic
from pydantic import TypeAdapter

from jupyter_faas.kernel.constraints import constrained, pydantic_validates
from jupyter_faas.kernel.datatypes import named_schema
from jupyter_faas.kernel.fields import QUALIFIERS, Fields, Unreadable, fields_of
from jupyter_faas.kernel.generics import is_alias, meaning_of
from jupyter_faas.kernel.instead import refusal, written
from jupyter_faas.kernel.keys import UnusableKey, key_schema
from jupyter_faas.model.typenames import MEDIA, TYPE, name_of

__all__ = ["MEDIA", "TYPE", "NotJson", "Schemer", "name_of"]

_SCALARS: Final = (bool, int, float, str, type(None))
_ANY: Final = (Any, object, inspect.Parameter.empty)
_LISTS: Final = (
    *(list, collections.deque, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable),
    *(abc.Iterator, abc.Reversible, abc.Container),
)
_SETS: Final = (set, frozenset, abc.Set, abc.MutableSet)
_DICTS: Final = (
    *(dict, abc.Mapping, abc.MutableMapping, types.MappingProxyType, collections.OrderedDict),
    *(collections.defaultdict, collections.Counter, collections.ChainMap),
)
_TOLD: Final = (
    *(tuple, frozenset, collections.deque, types.MappingProxyType, collections.OrderedDict),
    *(collections.defaultdict, collections.Counter, collections.ChainMap),
)
"""Containers that are told apart in results: JSON has arrays and objects only."""


class NotJson(ValueError):
    """An annotation whose values can't be made of JSON; its text continues "x: …"."""


class Schemer:
    """Makes the schemas of one function's parameters; ``definitions`` is what they refer to.

    ``scope`` are the names that annotations of classes may use. The schema of a result also tells apart
    what a caller may give in either way: tuples from lists, arrays and tables by their package.
    """

    def __init__(self, scope: Mapping[str, Any], of_result: bool = False) -> None:
        self.definitions: dict[str, Any] = {}
        self._scope = dict(scope)
        self._of_result = of_result
        self._names: dict[Any, str] = {}

    def of(self, annotation: Any) -> dict[str, Any]:
        """The schema of ``annotation``; raises ``NotJson``."""
        if isinstance(annotation, str | typing.ForwardRef):
            return self.of(self._named_by(annotation))
        if annotation in _ANY:
            return {}
        if annotation is typing.LiteralString:
            annotation = str
        if annotation is None or annotation in _SCALARS:
            return _pydantic_schema(annotation)
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        if isinstance(annotation, typing.TypeVar):
            return self.of(meaning_of(annotation))
        if is_alias(annotation):
            return self._alias(annotation)
        origin = typing.get_origin(annotation)
        if origin is None:
            return self._bare(annotation)
        return self._generic(annotation, origin, typing.get_args(annotation))

    def _named_by(self, text: str | typing.ForwardRef) -> Any:
        """What stands under a name in the text of an alias."""
        name = text if isinstance(text, str) else text.__forward_arg__
        holder = types.SimpleNamespace(__annotations__={"value": name})
        try:
            return typing.get_type_hints(holder, globalns=self._scope, include_extras=True)["value"]
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            raise NotJson(
                f"its annotation {name!r} names something that isn't defined in this kernel"
                if isinstance(error, NameError)
                else f"its annotation {name!r} can't be evaluated ({error})"
            ) from error

    def _generic(self, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin is typing.Annotated:
            return self._annotated(arguments[0], annotation.__metadata__)
        if origin in (typing.Union, types.UnionType):
            return self._union(annotation, arguments)
        if origin is typing.Literal:
            return _literal(annotation, arguments)
        if getattr(origin, "_name", None) in QUALIFIERS or origin is typing.Final:
            return self.of(arguments[0])
        if origin in (*_LISTS, *_SETS, *_DICTS, tuple):
            return self._container(origin, arguments)
        if isinstance(origin, type):
            return self._class(annotation, origin)
        raise NotJson(refusal(annotation))

    def _bare(self, annotation: Any) -> dict[str, Any]:
        if annotation in (*_LISTS, *_SETS, *_DICTS, tuple):
            return self._container(annotation, ())
        if isinstance(annotation, type):
            return self._class(annotation, annotation)
        raise NotJson(refusal(annotation))

    def _annotated(self, inner: Any, metadata: tuple[Any, ...]) -> dict[str, Any]:
        schema = self.of(inner)
        return constrained(_untold(schema) if pydantic_validates(metadata) else schema, metadata)

    def _union(self, annotation: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if annotation == getattr(sys.modules.get("numpy.typing"), "ArrayLike", None):
            return self.of(sys.modules["numpy"].ndarray)
        alternatives = [self.of(argument) for argument in arguments]
        media = [kind for each in alternatives for kind in each.pop(MEDIA, ())]
        schema: dict[str, Any] = {"anyOf": alternatives}
        return {**schema, MEDIA: list(dict.fromkeys(media))} if media else schema

    def _container(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        told = {TYPE: name_of(origin)} if self._of_result and origin in _TOLD else {}
        if origin in _DICTS:
            return {**self._mapping(origin, arguments), **told}
        if origin is tuple and arguments[-1:] != (Ellipsis,) and arguments:
            return {**self._sequence(arguments if arguments != ((),) else ()), **told}
        schema = {"type": "array", "items": self._item(arguments[0]) if arguments else {}, **told}
        return {**schema, "uniqueItems": True} if origin in _SETS else schema

    def _mapping(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        try:
            names = key_schema(arguments[0]) if arguments else {}
        except UnusableKey as error:
            raise NotJson(str(error)) from error
        value = int if origin is collections.Counter else arguments[1] if arguments else Any
        schema = {"type": "object", "additionalProperties": self._item(value) or True}
        return {**schema, "propertyNames": names} if names else schema

    def _sequence(self, kinds: tuple[Any, ...], least: int | None = None) -> dict[str, Any]:
        count = len(kinds)
        schema: dict[str, Any] = {"type": "array", "maxItems": count}
        schema["minItems"] = count if least is None else least
        return {**schema, "prefixItems": [self._item(kind) for kind in kinds]} if kinds else schema

    def _item(self, annotation: Any) -> dict[str, Any]:
        """The schema of something inside: files fill whole parameters only."""
        schema = self.of(annotation)
        schema.pop(MEDIA, None)
        return schema

    def _class(self, annotation: Any, kind: type) -> dict[str, Any]:
        named = named_schema(name_of(kind), self._of_result)
        if named is not None:
            if typing.get_args(annotation)[:1] == (bytes,) and name_of(kind) == "re.Pattern":
                raise NotJson("a pattern for bytes can't be given: write re.Pattern[str]")
            return named
        if _is_pydantic(kind):
            return self._model(annotation)
        if issubclass(kind, Enum):
            return _flags(kind) if issubclass(kind, Flag) else _enum(kind)
        if annotation in self._names:
            return self._reference(annotation)
        try:
            fields = fields_of(annotation, self._scope)
        except Unreadable as error:
            raise NotJson(str(error)) from error
        if fields is None:
            raise NotJson(refusal(annotation))
        name = self._new_name(annotation)
        self.definitions[name] = {}  # a class may refer to itself
        self.definitions[name] = self._object(fields)
        return self._reference(annotation)

    def _alias(self, annotation: Any) -> dict[str, Any]:
        """What an alias means; one that refers to itself is defined once."""
        if annotation in self._names:
            self.definitions.setdefault(self._names[annotation], {})
            return self._reference(annotation)
        name = self._new_name(annotation)
        try:
            meaning = meaning_of(annotation)
        except (NameError, AttributeError, TypeError) as error:
            raise NotJson(f"the alias {written(annotation)} can't be evaluated ({error})") from error
        schema = self.of(meaning)
        if name not in self.definitions:  # nothing inside referred to it
            del self._names[annotation]
            return schema
        self.definitions[name] = schema
        return self._reference(annotation)

    def _new_name(self, annotation: Any) -> str:
        kind = typing.get_origin(annotation) or annotation
        parts = [kind.__name__, *(_plain_name(each) for each in typing.get_args(annotation))]
        name = "_".join(filter(None, parts))
        while name in self.definitions or name in self._names.values():
            name += "_"
        self._names[annotation] = name
        return name

    def _reference(self, annotation: Any) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self._names[annotation]}"}

    def _object(self, fields: Fields) -> dict[str, Any]:
        properties = {name: self._item(annotation) for name, annotation in fields.annotations.items()}
        schema = {
            "type": "object",
            "properties": properties,
            "required": fields.required,
            "additionalProperties": False,
        }
        if not fields.is_tuple:
            return schema
        kinds = tuple(fields.annotations.values())
        return {"anyOf": [schema, self._sequence(kinds, len(fields.required))]}

    def _model(self, annotation: Any) -> dict[str, Any]:
        schema = _pydantic_schema(annotation)
        self.definitions |= schema.pop("$defs", {})
        return schema


def _literal(annotation: Any, values: tuple[Any, ...]) -> dict[str, Any]:
    plain = [value.value if isinstance(value, Enum) else value for value in values]
    if not all(value is None or type(value) in (bool, int, str) for value in plain):
        raise NotJson(f"{written(annotation)} holds a value that JSON doesn't have")
    return {"const": plain[0]} if len(plain) == 1 else {"enum": plain}


def _enum(kind: type[Enum]) -> dict[str, Any]:
    values = [member.value for member in kind]
    if not values or not all(
        value is None or isinstance(value, bool | int | float | str) for value in values
    ):
        raise NotJson(
            f"{kind.__name__} has a member whose value JSON doesn't have: give it a text or a number"
        )
    return {"enum": [_plain_value(value) for value in values]}


def _flags(kind: type[Flag]) -> dict[str, Any]:
    """The sum of the members' values, as ``.value`` has it."""
    every = 0
    for member in kind:
        every |= member.value
    return {"type": "integer", "minimum": 0, "maximum": every}


def _plain_value(value: Any) -> Any:
    """``value`` without the subclass that a member of ``IntEnum`` or ``StrEnum`` may have."""
    plain: tuple[tuple[type, Callable[[Any], Any]], ...] = (
        (str, str.__str__),
        (int, int.__int__),
        (float, float.__float__),
    )
    if isinstance(value, bool):
        return value
    return next((bare(value) for kind, bare in plain if isinstance(value, kind)), value)


def _plain_name(annotation: Any) -> str:
    return re.sub(r"\W+", "_", written(annotation).rpartition(".")[2]).strip("_")


def _is_pydantic(annotation: Any) -> bool:
    return hasattr(annotation, "__get_pydantic_core_schema__") or "__pydantic_validator__" in getattr(
        annotation, "__dict__", ()
    )


def _untold(schema: Any) -> Any:
    """A schema without types of ours: pydantic takes other texts for a time than Python does."""
    if isinstance(schema, dict):
        return {key: _untold(item) for key, item in schema.items() if key != TYPE}
    return [_untold(item) for item in schema] if isinstance(schema, list) else schema


def _pydantic_schema(annotation: Any) -> dict[str, Any]:
    try:
        schema: dict[str, Any] = _without_titles(TypeAdapter(annotation).json_schema())
    except (pydantic.PydanticSchemaGenerationError, pydantic.PydanticUserError) as error:
        raise NotJson(f"{written(annotation)} has no JSON Schema ({error.message})") from error
    return schema


def _without_titles(schema: Any) -> Any:
    """Pydantic's schema less the titles it derives from names, which say nothing."""
    if isinstance(schema, dict):
        # A property may be called "title"; its schema is no text.
        return {
            key: _without_titles(item)
            for key, item in schema.items()
            if not (key == "title" and isinstance(item, str))
        }
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
