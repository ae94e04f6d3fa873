"""What ``Annotated`` says beside a type: bounds, lengths and patterns as far as JSON Schema has them, and
descriptions. The rest is checked beside the function, by ``runtime/constraints.py``.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any, Final

import pydantic
from pydantic import TypeAdapter

from jupyter_faas.model.typenames import TYPE

__all__ = ["constrained", "pydantic_validates"]

_BASES: Final = {"integer": int, "number": float, "string": str, "array": list, "object": dict}
_BOUNDS: Final = frozenset(
    {
        *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern"),
        *("minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
_NOTES: Final = frozenset({"description", "examples", "deprecated", "title"})


def constrained(schema: dict[str, Any], metadata: Sequence[Any]) -> dict[str, Any]:
    """``schema`` with what the notes in ``metadata`` say; of texts the first describes."""
    texts = [note for note in metadata if isinstance(note, str)]
    texts += [note.documentation for note in metadata if type(note).__name__ == "Doc"]
    notes = [note for note in metadata if not isinstance(note, str)]
    if notes:
        schema = {**_bounded(schema, notes), **_kept(Any, notes, _NOTES)}
    return {**schema, "description": texts[0]} if texts else schema


def pydantic_validates(metadata: Sequence[Any]) -> bool:
    """Whether the value is pydantic's to make (``runtime/constraints.py`` says the same)."""
    return any(
        type(note).__module__.startswith(("pydantic.functional", "pydantic.types")) for note in metadata
    )


def _bounded(schema: dict[str, Any], notes: Sequence[Any]) -> dict[str, Any]:
    if "anyOf" in schema and TYPE not in schema:
        return {**schema, "anyOf": [_bounded(each, notes) for each in schema["anyOf"]]}
    named = schema.get("type")
    base = _BASES.get(named) if isinstance(named, str) else None
    if base is None or (base is str and TYPE in schema):  # the text of a date is no longer than another
        return schema
    return {**schema, **_kept(base, notes, _BOUNDS)}


def _kept(base: Any, notes: Sequence[Any], keywords: frozenset[str]) -> dict[str, Any]:
    """Those ``keywords`` that pydantic makes of the notes for a value of type ``base``."""
    try:
        schema = TypeAdapter(typing.Annotated[(base, *notes)]).json_schema()
    except (pydantic.PydanticSchemaGenerationError, pydantic.PydanticUserError, TypeError, ValueError):
        return {}
    return {key: schema[key] for key in schema if key in keywords}
