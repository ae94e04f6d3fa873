"""Arguments of a call: read, checked against the schema, never changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import jsonschema_rs
import orjson

from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import InvalidInput, MalformedRequest

__all__ = ["check_arguments", "checked", "values_of_text"]

MAX_FAULTS: Final = 50
MAX_MESSAGE: Final = 300
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")


def checked(
    arguments: Arguments, validator_for: Callable[[frozenset[str]], jsonschema_rs.Draft202012Validator]
) -> Arguments:
    """The arguments, their JSON proven by the validator for parameters less those that come as parts.

    Raises as ``check_arguments`` does.
    """
    validator = validator_for(frozenset([part.name for part in arguments.parts]))
    body = check_arguments(arguments.json, validator)
    return arguments if body is arguments.json else replace(arguments, json=body)


def check_arguments(
    body: bytes | bytearray, validator: jsonschema_rs.Draft202012Validator
) -> bytes | bytearray:
    """The body of a call, proven to be a JSON object that fits the schema; an empty one counts as ``{}``.

    Raises ``MalformedRequest`` for what is no JSON object (RFC 8259) and ``InvalidInput`` with all faults.
    """
    body = body or b"{}"
    try:
        arguments = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(
            f'The body is not JSON: {error}. Send an object of named arguments, e.g. {{"values": [1, 2]}}.'
        ) from None
    if not isinstance(arguments, dict):
        raise MalformedRequest(
            f'The body is a JSON {_kind(arguments)}. Send an object of named arguments, e.g. {{"x": 1}}.'
        )
    if not validator.is_valid(arguments):
        raise _invalid(arguments, validator)
    return body


def values_of_text(fields: Mapping[str, Sequence[str]], schema: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values made of a query or form, each text read as its parameter's type says.

    A repeated field, or one whose parameter is an array, becomes a list. What can't be read stays text, so
    that the schema reports it.
    """
    properties = schema.get("properties", {})
    arguments: dict[str, Any] = {}
    for name, texts in fields.items():
        expected = properties.get(name, {})
        types = _types(expected, schema)
        if "array" in types or len(texts) > 1:
            items = _types(expected.get("items", {}), schema)
            arguments[name] = [_value(text, items) for text in texts]
        else:
            arguments[name] = _value(texts[0], types)
    return arguments


def _invalid(arguments: dict[str, Any], validator: jsonschema_rs.Draft202012Validator) -> InvalidInput:
    faults = [
        {"path": _path(fault.instance_path), "message": fault.message[:MAX_MESSAGE]}
        for fault, _ in zip(validator.iter_errors(arguments), range(MAX_FAULTS), strict=False)
    ]
    summary = "; ".join(f"{fault['path']}: {fault['message']}" for fault in faults[:3])
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    return InvalidInput(f"The arguments do not fit the function: {summary}{more}.", faults=faults)


def _path(parts: Sequence[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _types(schema: object, root: Mapping[str, Any], depth: int = 0) -> set[str]:
    """The JSON types that a property may have, as far as its schema says so at its top."""
    if not isinstance(schema, dict) or depth > 8:  # a reference may lead back to itself
        return set()
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return _types(root.get("$defs", {}).get(name), root, depth + 1)
    if "type" in schema:
        named = schema["type"]
        return set(named) if isinstance(named, list) else {named}
    constants = schema.get("enum", [schema["const"]] if "const" in schema else [])
    types = {_kind(constant) for constant in constants}
    for alternative in schema.get("anyOf", []):
        types |= _types(alternative, root, depth + 1)
    return types


def _value(text: str, types: set[str]) -> object:
    """``text`` as the first of number, truth value and null that the types allow and the text is."""
    if types <= {"string"} and types:
        return text
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if "boolean" in types and not types & {"integer", "number"} and text in ("0", "1"):
        return text == "1"
    if isinstance(value, float) and "integer" in types and _WHOLE.fullmatch(text):
        return orjson.Fragment(text)  # it has more digits than orjson reads
    kind = _kind(value)
    number_fits = kind == "integer" and "number" in types
    return value if not types or kind in types or number_fits else text


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
