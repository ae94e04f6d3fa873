"""A first check of arguments against the input schema, for the image that serves itself.

Names and basic types only; the gateway validates in full.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def faults(arguments: dict[str, Any], schema: Schema) -> list[dict[str, str]]:
    """Every fault of the arguments, with its path."""
    properties = schema.get("properties", {})
    found = [_fault(name, "is required") for name in schema.get("required", ()) if name not in arguments]
    if schema.get("additionalProperties") is False:
        found += [_fault(name, "is not an argument") for name in arguments if name not in properties]
    for name, value in arguments.items():
        types = types_of(properties.get(name, {}))
        if types and not any(_fits(value, each) for each in types):
            found.append(_fault(name, f"is not of type {' or '.join(sorted(types))}"))
    return found


def coerced(query: dict[str, list[str]], schema: Schema) -> dict[str, Any]:
    """The arguments in a query string, as the schema's types have them; several of a name make a list."""
    properties = schema.get("properties", {})
    return {name: _coerced(values, types_of(properties.get(name, {}))) for name, values in query.items()}


def types_of(schema: Any) -> set[str]:
    """The JSON types that the schema of one argument names; empty if any will do."""
    if not isinstance(schema, dict):
        return set()
    named = schema.get("type", [])
    types = {named} if isinstance(named, str) else set(named)
    for alternative in schema.get("anyOf", ()):
        inner = types_of(alternative)
        if not inner:
            return set()
        types |= inner
    return types


def _coerced(values: list[str], types: set[str]) -> Any:
    if "array" in types:
        return [_scalar(value, {"integer", "number", "boolean", "null", "string"}) for value in values]
    return _scalar(values[-1], types)


def _scalar(text: str, types: set[str]) -> Any:
    """What the text says as JSON, if that is one of the types; else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if "boolean" in types and not types & {"integer", "number"} and text in {"0", "1"}:
        return text == "1"
    fitting = types - {"string"}
    return value if any(_fits(value, each) for each in fitting) else text


def _fits(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, PYTHON_TYPES.get(name, (object,)))


def _fault(name: str, message: str) -> dict[str, str]:
    return {"path": f"$.{name}", "message": f"{name} {message}"}
