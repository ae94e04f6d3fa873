"""Arguments that fit a schema, for a line to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_faas.model.scalars import SCALARS
from jupyter_faas.model.typenames import MEDIA, TYPE

__all__ = ["example_arguments", "file_arguments"]

_PIXEL: Final = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A GIF of one pixel in base64."""
_MAX_DEPTH: Final = 8


def example_arguments(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that fit a function's input schema: the required ones, else the first."""
    properties: dict[str, Any] = schema.get("properties", {})
    names = schema.get("required") or list(properties)[:1]
    examples = _Examples(schema.get("$defs", {}))
    return {name: examples.of(properties.get(name, {})) for name in names}


def file_arguments(schema: Mapping[str, Any]) -> frozenset[str]:
    """The parameters whose values nobody writes by hand: what JSON can only say in base64."""
    properties: dict[str, Any] = schema.get("properties", {})
    return frozenset(name for name, each in properties.items() if _is_base64(each))


def _is_base64(schema: Mapping[str, Any]) -> bool:
    choices: list[Mapping[str, Any]] = schema.get("anyOf", [])
    return schema.get("contentEncoding") == "base64" or any(map(_is_base64, choices))


class _Examples:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def of(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        if depth > _MAX_DEPTH:  # a class that needs one of its own kind
            return None
        if "$ref" in schema:
            return self.of(self._definitions.get(schema["$ref"].rpartition("/")[2], {}), depth + 1)
        if "default" in schema:
            return schema["default"]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if "text/csv" in schema.get(MEDIA, ()) and "anyOf" in schema:
            return [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
        choices = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
        return self.of(choices[0], depth + 1) if choices else self._of_type(schema, depth)

    def _of_type(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "array":
            return self._array(schema, depth)
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.of(properties.get(name, {}), depth + 1) for name in schema.get("required", ())}
        if kind == "string":
            return _text(schema)
        simple: dict[Any, Any] = {"boolean": True, "null": None}
        return simple[kind] if kind in simple else _number(schema)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(item, depth + 1) for item in schema["prefixItems"]]
        if schema.get("maxItems") == 0:
            return []
        items = schema.get("items", {})
        most = schema.get("maxItems", 3)
        if not items or (items.get("type") in ("number", "integer") and items.keys() <= {"type", TYPE}):
            return [*range(1, max(3, schema.get("minItems", 0)) + 1)][:most]
        return [self.of(items, depth + 1)] * max(1, schema.get("minItems", 0))


def _number(schema: Mapping[str, Any]) -> int | float:
    """The one nearest to 1 that the bounds allow."""
    least = max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1, 1)
    step = schema.get("multipleOf", 1)
    least = -(-least // step) * step if step != 1 else least
    number: int | float = min(
        least, schema.get("maximum", least), schema.get("exclusiveMaximum", least + 1) - 1
    )
    return number


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("contentEncoding") == "base64":
        return _PIXEL if schema.get("contentMediaType") == "image/*" else SCALARS["builtins.bytes"].example
    if schema.get(TYPE) in SCALARS:
        return SCALARS[schema[TYPE]].example
    text = next((each.example for each in SCALARS.values() if _has_format(each.schema, schema)), "text")
    return text.ljust(schema.get("minLength", 0), "t")[: schema.get("maxLength", len(text) + 999)]


def _has_format(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return "format" in other and one.get("format") == other["format"]
