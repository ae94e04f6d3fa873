"""Schemas and parameters that several descriptions use."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.openapi.operation import Parameter
from jupyter_faas.model.manifest import NAME_PATTERN

__all__ = [
    "BOOLEAN",
    "BYTES",
    "COUNT",
    "FUNCTION_NAME",
    "LIMIT",
    "MILLISECONDS",
    "NUMBER",
    "OBJECT",
    "SELECTOR",
    "TEXT",
    "TIME",
    "maybe",
]

TEXT: Final[dict[str, Any]] = {"type": "string"}
BOOLEAN: Final[dict[str, Any]] = {"type": "boolean"}
NUMBER: Final[dict[str, Any]] = {"type": "number"}
COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
BYTES: Final = COUNT
MILLISECONDS: Final[dict[str, Any]] = {"type": "number", "minimum": 0}
OBJECT: Final[dict[str, Any]] = {"type": "object"}
TIME: Final[dict[str, Any]] = {"type": "string", "format": "date-time"}

FUNCTION_NAME: Final = Parameter(
    "name", "The function's name.", {"type": "string", "pattern": NAME_PATTERN}, "path"
)
LIMIT: Final = Parameter("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000})
SELECTOR: Final = Parameter("version", "A version's number, or an alias; by default `latest`.", TEXT)


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}
