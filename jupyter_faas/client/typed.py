"""JSON as the Python types that a schema says it was.

Nothing here raises for a result that isn't what its schema says, for nobody checked it: that stays the JSON
that it is.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from jupyter_faas.client.packages import is_there, package
from jupyter_faas.model.iso8601 import duration_of

__all__ = ["TYPE", "typed"]

TYPE: Final = "x-faas-type"
"""A member of schemas: the Python type that JSON does not tell."""
Schema = Mapping[str, Any]


def typed(value: Any, schema: Schema, root: Schema | None = None) -> Any:
    """``value`` as ``schema`` says; ``root`` holds what it refers to."""
    root = schema if root is None else root
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return typed(value, root.get("$defs", {}).get(name, {}), root)
    if "anyOf" in schema and TYPE not in schema:
        fitting = [each for each in schema["anyOf"] if isinstance(each, dict) and _fits(value, each, root)]
        made = (typed(value, each, root) for each in fitting)
        return next((each for each in made if each is not value), value)
    if isinstance(value, list):
        value = _items(value, schema, root)
    elif isinstance(value, dict):
        value = _members(value, schema, root)
    make = _TYPES.get(str(schema.get(TYPE))) or _FORMATS.get(str(schema.get("format")))
    if make is None and schema.get("uniqueItems") and isinstance(value, list):
        make = set
    if make is None:
        return value
    try:
        return make(value)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return value


def _items(values: list[Any], schema: Schema, root: Schema) -> list[Any]:
    first = schema.get("prefixItems", ())
    items = schema.get("items", {})
    if not first and not items:
        return values
    schemas = [*first, *[items] * (len(values) - len(first))]
    return [typed(value, each, root) for value, each in zip(values, schemas, strict=False)]


def _members(members: dict[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    rest = rest if isinstance(rest, dict) else {}
    return {name: typed(value, properties.get(name, rest), root) for name, value in members.items()}


def _fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Whether the JSON type is the one that this alternative names."""
    if "$ref" in schema:
        found = root.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})
        return "$ref" not in found and _fits(value, found, root)
    named = schema.get("type")
    names = {named} if isinstance(named, str) else set(named or ())
    return not names or _json_type(value) in names or (type(value) is int and "number" in names)


def _json_type(value: Any) -> str:
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "array" if isinstance(value, list) else "object")


def _array(value: Any) -> Any:
    return package("numpy").array(value) if is_there("numpy") else value


def _pandas(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(package("pandas"), name)(value) if is_there("pandas") else value


def _polars(value: Any) -> Any:
    return package("polars").DataFrame(value) if is_there("polars") else value


_TYPES: Final[dict[str, Callable[[Any], Any]]] = {
    "builtins.bytes": base64.b64decode,
    "builtins.bytearray": lambda text: bytearray(base64.b64decode(text)),
    "builtins.tuple": tuple,
    "datetime.datetime": datetime.fromisoformat,
    "datetime.date": date.fromisoformat,
    "datetime.time": time.fromisoformat,
    "datetime.timedelta": duration_of,
    "decimal.Decimal": lambda value: Decimal(str(value)),
    "uuid.UUID": UUID,
    "numpy.ndarray": _array,
    "pandas.DataFrame": _pandas("DataFrame"),
    "pandas.Series": _pandas("Series"),
    "polars.DataFrame": _polars,
}
_FORMATS: Final[dict[str, Callable[[Any], Any]]] = {
    "date-time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": duration_of,
    "uuid": UUID,
}
"""Of the fields of pydantic models, whose schemas are pydantic's own."""
