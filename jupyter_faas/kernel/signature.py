"""A function's signature as JSON Schema (2020-12)."""

from __future__ import annotations

import ast
import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.kernel.fields import QUALIFIERS, fields_of
from jupyter_faas.kernel.outputs import output_schema
from jupyter_faas.kernel.schemas import MEDIA, NotJson, Schemer
from jupyter_faas.model.authoring import Context
from jupyter_faas.model.errors import CaptureError
from jupyter_faas.model.manifest import MAX_SIGNATURE

__all__ = ["Schemas", "brief", "schemas_of"]

_JSON_TYPES: Final = (type(None), bool, int, float, str, list, dict)
# The longest default, in characters, that is worth its place in a signature.
_LONGEST_DEFAULT: Final = 200
_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Schemas:
    """What a function takes (an object whose properties are its parameters) and what it gives, if known;
    ``text`` is its signature as Python has it, for callers in Python."""

    input: dict[str, Any]
    output: dict[str, Any] | None
    text: str


def schemas_of(function: Callable[..., Any], name: str) -> Schemas:
    """The schemas of ``function``, called ``name`` in messages.

    Raises ``CaptureError`` naming each parameter that JSON can't fill and what to write instead.
    """
    hints = _hints(function)
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    signature = _with_options(_signature(function, name), hints, scope, name)
    descriptions = parameter_descriptions(inspect.getdoc(function) or "")
    properties: dict[str, Any] = {}
    required: list[str] = []
    extra: Any = False
    faults: list[tuple[str, str]] = []
    schemer = Schemer(scope)
    for parameter in signature.parameters.values():
        if parameter.name == "context" and hints.get("context") is Context:
            continue  # the runtime gives it, not the caller
        try:
            schema = _parameter_schema(schemer, parameter, hints.get(parameter.name, parameter.annotation))
        except NotJson as error:
            faults.append((parameter.name, str(error)))
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            schema.pop(MEDIA, None)
            extra = schema or True
            continue
        if parameter.name in descriptions:
            schema.setdefault("description", descriptions[parameter.name])
        properties[parameter.name] = schema
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
            required.append(parameter.name)
    if faults:
        raise _fault_error(name, faults)
    schema = {"$schema": _SCHEMA, "type": "object", "properties": properties}
    schema |= {"required": required, "additionalProperties": extra}
    if schemer.definitions:
        schema["$defs"] = schemer.definitions
    gives = hints.get("return", signature.return_annotation)
    return Schemas(schema, output_schema(function, gives, scope), _written(signature, hints))


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise CaptureError(
            f"The parameters of {name} can't be read ({error}). Write it as a plain function (def).", names=[]
        ) from error


def _with_options(
    signature: inspect.Signature, hints: dict[str, Any], scope: Mapping[str, Any], name: str
) -> inspect.Signature:
    """``**options: Unpack[Options]`` (PEP 692) as the parameters that it stands for, here and in ``hints``;
    ``...`` stands for a default that nobody knows."""
    *others, last = signature.parameters.values() or [None]
    if last is None or typing.get_origin(hints.get(last.name)) is not typing.Unpack:
        return signature
    try:
        fields = fields_of(typing.get_args(hints[last.name])[0], scope)
        if last.kind is not last.VAR_KEYWORD or fields is None:
            return signature
        named = [
            inspect.Parameter(
                field,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field in fields.required else ...,
                annotation=_unqualified(annotation),
            )
            for field, annotation in fields.annotations.items()
        ]
        expanded = signature.replace(parameters=[*others, *named])
    except ValueError as error:  # Unreadable too; else names that no parameter can have, or has already
        raise _fault_error(name, [(last.name, str(error))]) from error
    hints.update(fields.annotations)
    return expanded


def _unqualified(annotation: Any) -> Any:
    """The type in ``Required[…]`` and its like, which no parameter has."""
    while getattr(typing.get_origin(annotation), "_name", None) in QUALIFIERS:
        annotation = typing.get_args(annotation)[0]
    return annotation


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations as objects; one that can't be resolved stays the text it is."""
    inner = inspect.unwrap(function)
    scope = getattr(inner, "__globals__", {})
    hints: dict[str, Any] = {}
    for name, annotation in inspect.get_annotations(inner).items():
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            hints |= typing.get_type_hints(holder, globalns=scope, include_extras=True)
        except (NameError, AttributeError, TypeError, SyntaxError):
            hints[name] = annotation
    return hints


def _fault_error(name: str, faults: list[tuple[str, str]]) -> CaptureError:
    lines = "\n".join(f"- {parameter}: {reason}." for parameter, reason in faults)
    names = [{"name": p, "type": "parameter", "reason": reason, "cell": None} for p, reason in faults]
    count = "One parameter" if len(faults) == 1 else f"{len(faults)} parameters"
    return CaptureError(f"{count} of {name} can't be given by a JSON body:\n{lines}", names=names)


def _parameter_schema(schemer: Schemer, parameter: inspect.Parameter, annotation: Any) -> dict[str, Any]:
    schema = schemer.of(annotation)
    if parameter.kind is parameter.VAR_POSITIONAL:
        return {"type": "array", "items": {key: schema[key] for key in schema if key != MEDIA}, "default": []}
    if parameter.default is not parameter.empty and _is_json(parameter.default):
        schema["default"] = json.loads(json.dumps(parameter.default))  # a StrEnum's member is a text here
    return schema


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _written(signature: inspect.Signature, hints: Mapping[str, Any]) -> str:
    """The signature as a caller sees it: without ``context``, and with ``...`` for a default that only the
    function's own side knows."""
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.name == "context" and hints.get("context") is Context:
            continue
        default = parameter.default
        if default is not parameter.empty and not (_is_json(default) and type(default) in _JSON_TYPES):
            default = _ELSEWHERE
        annotation = _annotation_text(parameter.annotation)
        parameters.append(parameter.replace(default=default, annotation=annotation))
    gives = _annotation_text(signature.return_annotation)
    text = str(brief(signature.replace(parameters=parameters, return_annotation=gives)))
    return text if len(text) <= MAX_SIGNATURE else ""


def brief(signature: inspect.Signature) -> inspect.Signature:
    """``signature`` with ``...`` for the defaults that are too long to read."""
    parameters = [
        one.replace(default=_ELSEWHERE)
        if one.default is not one.empty and len(repr(one.default)) > _LONGEST_DEFAULT
        else one
        for one in signature.parameters.values()
    ]
    return signature.replace(parameters=parameters)


class _Text:
    """Code that is shown as it is."""

    __module__ = "builtins"

    def __init__(self, code: str) -> None:
        self._code = code

    def __repr__(self) -> str:
        return self._code


_ELSEWHERE: Final = _Text("...")


def _annotation_text(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return inspect.Parameter.empty
    return _Text(text)


_SECTION: Final = re.compile(r"(Args|Arguments|Parameters|Params):?")
_FIELD: Final = re.compile(r":(?:param|parameter|arg|argument|key|keyword)\s[^:]*?\\?\*{0,2}(\w+)\s*:\s*(.*)")
_GOOGLE: Final = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s+(\S.*)")
_NUMPY: Final = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?")


def parameter_descriptions(doc: str) -> Mapping[str, str]:
    """The parameters' descriptions in a docstring: its Args (Google) or Parameters (NumPy) section, or its
    ``:param name:`` fields (reStructuredText)."""
    lines = doc.splitlines()
    for index, line in enumerate(lines):
        if _SECTION.fullmatch(line.strip()):
            numpy = index + 1 < len(lines) and set(lines[index + 1].strip()) == {"-"}
            block = lines[index + 2 :] if numpy else lines[index + 1 :]
            return _numpy_block(block) if numpy else _google_block(block)
    return _fields(lines)


def _fields(lines: list[str]) -> dict[str, str]:
    """``:param x:``, ``:param int x:`` and their synonyms (Sphinx, the Python domain's info field lists)."""
    found: dict[str, str] = {}
    current = ""
    for line in lines:
        if entry := _FIELD.fullmatch(line.strip()):
            current = entry[1]
            found[current] = entry[2].strip()
        elif line.strip().startswith(":") or not line[:1].isspace():
            current = ""  # another field, or what comes after them
        elif current and line.strip():
            found[current] = f"{found[current]} {line.strip()}".strip()
    return {name: text for name, text in found.items() if text}


def _google_block(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    current, indent = "", 0
    for line in lines:
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            break
        entry = _GOOGLE.fullmatch(line.strip())
        if entry and (not found or depth <= indent):
            current, indent = entry[1], depth
            found[current] = entry[2].strip()
        elif current:
            found[current] += " " + line.strip()
    return found


def _numpy_block(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for index, line in enumerate(lines):
        if index + 1 < len(lines) and set(lines[index + 1].strip()) == {"-"}:
            break  # the next section's title
        entry = _NUMPY.fullmatch(line)
        if entry:
            current = [name.strip() for name in entry[1].split(",")]
            found |= {name: [] for name in current}
        elif line.strip():
            for name in current:
                found[name].append(line.strip())
    return {name: " ".join(parts) for name, parts in found.items() if parts}
