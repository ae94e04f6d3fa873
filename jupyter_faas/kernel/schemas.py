"""Annotations as JSON Schema (2020-12): what JSON must look like for ``runtime/converters.py`` to make the
annotated type of it.

A parameter that a file can fill has the member ``x-faas-media``: the media types that it takes as a raw
body or as a part of ``multipart/form-data``; in the schema of a result it names the forms that there are.
``x-faas-type`` is the Python type where JSON's own types don't tell it: gateways check texts by it before a
call, clients make real values of results by it.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections import abc
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import pydantic
from pydantic import TypeAdapter

__all__ = ["MEDIA", "TYPE", "NotJson", "Schemer", "name_of"]

MEDIA: Final = "x-faas-media"
TYPE: Final = "x-faas-type"
_SCALARS: Final = (bool, int, float, str, type(None))
_ANY: Final = (Any, object, inspect.Parameter.empty)
_LISTS: Final = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_SETS: Final = (set, frozenset, abc.Set, abc.MutableSet)
_DICTS: Final = (dict, abc.Mapping, abc.MutableMapping)
_REQUIREDNESS: Final = {"Required", "NotRequired", "ReadOnly"}

_TABLE_MEDIA: Final = [
    "text/csv",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.parquet",
]
_BASE64: Final = {"type": "string", "contentEncoding": "base64"}
_COLUMNS: Final = {"type": "object", "additionalProperties": {"type": ["array", "object"]}}
_RECORDS: Final = {"type": "array", "items": {"type": "object"}}
_TABLE: Final = {"anyOf": [_RECORDS, _COLUMNS], MEDIA: _TABLE_MEDIA}
_BYTES: Final = {**_BASE64, "contentMediaType": "application/octet-stream", MEDIA: ["*/*"]}

_SCALARS_BY_NAME: Final[dict[str, dict[str, Any]]] = {
    "builtins.bytes": _BYTES,
    "builtins.bytearray": _BYTES,
    "pathlib.Path": {**_BYTES, "format": "file"},
    "datetime.datetime": {"type": "string", "format": "date-time"},
    "datetime.date": {"type": "string", "format": "date"},
    "datetime.time": {"type": "string", "format": "time"},
    "datetime.timedelta": {"type": "string", "format": "duration"},
    "decimal.Decimal": {
        "anyOf": [
            {"type": "number"},
            {"type": "string", "pattern": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"},
        ]
    },
    "uuid.UUID": {"type": "string", "format": "uuid"},
}
_DATA: Final[dict[str, dict[str, Any]]] = {
    "numpy.ndarray": {"type": "array", "items": {}, MEDIA: ["application/x-npy"]},
    "pandas.DataFrame": _TABLE,
    "pandas.Series": {"type": ["array", "object"], MEDIA: _TABLE_MEDIA},
    "pyarrow.Table": _TABLE,
    "polars.DataFrame": _TABLE,
    "PIL.Image": {**_BASE64, "contentMediaType": "image/*", MEDIA: ["image/*"]},
}


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
        self._names: dict[type, str] = {}

    def of(self, annotation: Any) -> dict[str, Any]:
        """The schema of ``annotation``; raises ``NotJson``."""
        if isinstance(annotation, str | typing.ForwardRef):
            text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
            raise NotJson(f"its annotation {text!r} names something that isn't defined in this kernel")
        if annotation in _ANY:
            return {}
        if annotation is None or annotation in _SCALARS:
            return _pydantic_schema(annotation)
        if isinstance(annotation, typing.NewType):
            return self.of(annotation.__supertype__)
        origin = typing.get_origin(annotation)
        if origin is None:
            return self._bare(annotation)
        return self._generic(annotation, origin, typing.get_args(annotation))

    def _generic(self, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin is typing.Annotated:
            return self._annotated(arguments[0], annotation.__metadata__)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments)
        if origin is typing.Literal:
            if not all(value is None or type(value) in (bool, int, str) for value in arguments):
                raise NotJson(f"{_written(annotation)} holds a value that JSON doesn't have")
            return _pydantic_schema(annotation)
        if getattr(origin, "_name", None) in _REQUIREDNESS:
            return self.of(arguments[0])
        if origin in (*_LISTS, *_SETS, *_DICTS, tuple):
            return self._container(annotation, origin, arguments)
        if isinstance(origin, type) and (_is_pydantic(annotation) or self._named(origin) is not None):
            return self._class(annotation, origin)
        raise NotJson(_refusal(annotation))

    def _bare(self, annotation: Any) -> dict[str, Any]:
        if annotation in (*_LISTS, *_SETS, *_DICTS, tuple):
            return self._container(annotation, annotation, ())
        if isinstance(annotation, type):
            return self._class(annotation, annotation)
        raise NotJson(_refusal(annotation))

    def _annotated(self, inner: Any, metadata: tuple[Any, ...]) -> dict[str, Any]:
        schema = self.of(inner)
        if any(_validates(note) for note in metadata):
            schema = _untold(schema)
        texts = [note for note in metadata if isinstance(note, str)]
        texts += [note.documentation for note in metadata if type(note).__name__ == "Doc"]
        constraints = tuple(note for note in metadata if not isinstance(note, str))
        if constraints:
            if any(named in str(schema) for named in (MEDIA, "$ref")):
                constraint = _pydantic_schema(typing.Annotated[(Any, *constraints)])
            else:
                constraint = _pydantic_schema(typing.Annotated[(inner, *constraints)])
            schema = {**constraint, **schema}
        return {**schema, "description": texts[0]} if texts else schema

    def _union(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        alternatives = [self.of(argument) for argument in arguments]
        media = [kind for each in alternatives for kind in each.pop(MEDIA, ())]
        schema: dict[str, Any] = {"anyOf": alternatives}
        return {**schema, MEDIA: list(dict.fromkeys(media))} if media else schema

    def _container(self, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
        if origin in _DICTS:
            if arguments and arguments[0] not in (str, Any):
                raise NotJson(
                    f"{_written(annotation)}: the keys of a JSON object are strings: write dict[str, …]"
                )
            return {
                "type": "object",
                "additionalProperties": self._item(arguments[1]) or True if arguments else True,
            }
        if origin in _LISTS:
            return {"type": "array", "items": self._item(arguments[0]) if arguments else {}}
        if origin in _SETS:
            return {
                "type": "array",
                "items": self._item(arguments[0]) if arguments else {},
                "uniqueItems": True,
            }
        told = {TYPE: "builtins.tuple"} if self._of_result else {}
        if not arguments and annotation is tuple:
            return {"type": "array", "items": {}, **told}
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": self._item(arguments[0]), **told}
        return {**self._sequence(arguments), **told}

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
        named = self._named(kind)
        if named is not None:
            return named
        if _is_pydantic(kind):
            return self._model(annotation)
        if issubclass(kind, Enum):
            return _enum(kind)
        if kind in self._names:
            return {"$ref": f"#/$defs/{self._names[kind]}"}
        if dataclasses.is_dataclass(kind):
            return self._defined(kind, self._dataclass)
        if typing.is_typeddict(kind) or hasattr(kind, "__required_keys__"):
            return self._defined(kind, self._typed_dict)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return self._defined(kind, self._named_tuple)
        raise NotJson(_refusal(annotation))

    def _named(self, kind: type) -> dict[str, Any] | None:
        """The schema of a type that is known by name."""
        name = name_of(kind)
        if self._of_result and name == "pathlib.Path":
            return {"type": "string"}  # where something lies in the sandbox, and no file
        if name in _SCALARS_BY_NAME:
            return {**_SCALARS_BY_NAME[name], TYPE: name}
        if name not in _DATA:
            return None
        if not self._of_result:
            return dict(_DATA[name])
        schema = _RECORDS if _DATA[name] is _TABLE else _DATA[name]
        return {**schema, TYPE: name}

    def _defined(self, kind: type, make: Any) -> dict[str, Any]:
        name = kind.__name__
        while name in self.definitions:
            name += "_"
        self._names[kind] = name
        self.definitions[name] = {}  # a class may refer to itself
        self.definitions[name] = make(kind, self._hints(kind))
        return {"$ref": f"#/$defs/{name}"}

    def _hints(self, kind: type) -> dict[str, Any]:
        try:
            return typing.get_type_hints(kind, localns=self._scope, include_extras=True)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            raise NotJson(f"the annotations of {kind.__name__} can't be read ({error})") from error

    def _dataclass(self, kind: Any, hints: dict[str, Any]) -> dict[str, Any]:
        fields = [field for field in dataclasses.fields(kind) if field.init]
        missing = dataclasses.MISSING
        required = [
            field.name for field in fields if field.default is missing and field.default_factory is missing
        ]
        return self._object({field.name: hints[field.name] for field in fields}, required)

    def _typed_dict(self, kind: Any, hints: dict[str, Any]) -> dict[str, Any]:
        # Where annotations are texts, __required_keys__ doesn't know of NotRequired (PEP 655).
        said = {name: getattr(typing.get_origin(hint), "_name", "") for name, hint in hints.items()}
        required = [name for name in hints if name in kind.__required_keys__ or said[name] == "Required"]
        return self._object(hints, [name for name in required if said[name] != "NotRequired"])

    def _named_tuple(self, kind: Any, hints: dict[str, Any]) -> dict[str, Any]:
        required = [name for name in kind._fields if name not in kind._field_defaults]
        fields = {name: hints.get(name, Any) for name in kind._fields}
        items = self._sequence(tuple(fields.values()), len(required))
        return {"anyOf": [self._object(fields, required), items]}

    def _object(self, fields: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
        properties = {name: self._item(annotation) for name, annotation in fields.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def _model(self, annotation: Any) -> dict[str, Any]:
        schema = _pydantic_schema(annotation)
        self.definitions |= schema.pop("$defs", {})
        return schema


def _enum(kind: type[Enum]) -> dict[str, Any]:
    values = [member.value for member in kind]
    if not values or not all(
        value is None or isinstance(value, bool | int | float | str) for value in values
    ):
        raise NotJson(
            f"{kind.__name__} has a member whose value JSON doesn't have: give it a text or a number"
        )
    return {"enum": [_plain_value(value) for value in values]}


def _plain_value(value: Any) -> Any:
    """``value`` without the subclass that a member of ``IntEnum`` or ``StrEnum`` may have."""
    return next(
        (base(value) for base in (int, float, str) if type(value) is not bool and isinstance(value, base)),
        value,
    )


def name_of(kind: type) -> str:
    """What a type is known by: pandas' ``core.frame.DataFrame`` is ``pandas.DataFrame``."""
    top = kind.__module__.partition(".")[0]
    own = {"_pydatetime": "datetime", "_decimal": "decimal", "_pydecimal": "decimal"}.get(top, top)
    return f"{own}.{kind.__qualname__}"


def _is_pydantic(annotation: Any) -> bool:
    return hasattr(annotation, "__get_pydantic_core_schema__") or "__pydantic_validator__" in getattr(
        annotation, "__dict__", ()
    )


def _validates(note: Any) -> bool:
    """Whether the value is pydantic's to make (``runtime/converters.py`` asks the same)."""
    return type(note).__module__.startswith("pydantic.functional")


def _untold(schema: Any) -> Any:
    """A schema without types of ours: pydantic takes other texts for a time than Python does."""
    if isinstance(schema, dict):
        return {key: _untold(item) for key, item in schema.items() if key != TYPE}
    return [_untold(item) for item in schema] if isinstance(schema, list) else schema


def _pydantic_schema(annotation: Any) -> dict[str, Any]:
    try:
        schema: dict[str, Any] = _without_titles(TypeAdapter(annotation).json_schema())
    except (pydantic.PydanticSchemaGenerationError, pydantic.PydanticUserError) as error:
        raise NotJson(f"{_written(annotation)} has no JSON Schema ({error.message})") from error
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


def _refusal(annotation: Any) -> str:
    return (
        f"nothing makes a {_written(annotation)} of JSON: write a type that the documentation names "
        "(a dataclass, a TypedDict and a pydantic model are some), or dict, and make the object inside the "
        "function"
    )


def _written(annotation: Any) -> str:
    return inspect.formatannotation(annotation)
