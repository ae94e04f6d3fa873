"""Arguments that fit a schema, for a line to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["example_arguments", "file_arguments"]

MEDIA: Final = "x-faas-media"
_FORMATS: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00",
    "duration": "PT1H",
    "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
}
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
        return simple.get(kind, 1)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(item, depth + 1) for item in schema["prefixItems"]]
        if schema.get("maxItems") == 0:
            return []
        items = schema.get("items", {})
        if items.get("type") in ("number", "integer") or not items:
            return [1, 2, 3]
        return [self.of(items, depth + 1)]


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("contentEncoding") == "base64":
        return _PIXEL if schema.get("contentMediaType") == "image/*" else "aGVsbG8="
    return _FORMATS.get(schema.get("format", ""), "text")
