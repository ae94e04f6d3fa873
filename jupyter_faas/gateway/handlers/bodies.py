"""A request's body or query as arguments. Files are passed on as they came: only the function reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from jupyter_faas.gateway.handlers.multipart import FormPart, parts_in
from jupyter_faas.gateway.service.arguments import values_of_text
from jupyter_faas.model.arguments import Arguments, Buffer, Part
from jupyter_faas.model.errors import InvalidInput, MalformedRequest

__all__ = ["arguments_in", "arguments_of_query"]

_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_UNTOLD: Final = ("application/octet-stream", "application/unknown")
"""What clients say of a file whose type they don't know; the function goes by its name and content."""
_MEDIA: Final = "x-faas-media"
_BESIDE: Final = "x-faas-query"
"""Marks a parameter that the query may give beside any body: it chooses how the result looks."""
_MAX_NAME: Final = 255

Schema = Mapping[str, Any]


def arguments_of_query(query: str, schema: Schema) -> Arguments:
    """The parameters in a query, each read as its type says; raises ``MalformedRequest``."""
    return Arguments(orjson.dumps(_values(query, schema)))


def arguments_in(body: bytes | bytearray, content_type: str, query: str, schema: Schema) -> Arguments:
    """The arguments in a body and, of those marked for it, in the query; raises as ``_in_body`` does."""
    arguments = _in_body(body, content_type, query, schema)
    beside = {name: each for name, each in schema.get("properties", {}).items() if _is_beside(each)}
    if not (beside and query):
        return arguments
    given = _values(query, {"properties": beside})
    return _with(arguments, {name: value for name, value in given.items() if name in beside})


def _is_beside(schema: object) -> bool:
    return isinstance(schema, dict) and schema.get(_BESIDE) is True


def _with(arguments: Arguments, more: Mapping[str, Any]) -> Arguments:
    """The arguments with those of the query, which gives way to the body."""
    try:
        values = orjson.loads(arguments.json or b"{}")
    except orjson.JSONDecodeError:
        return arguments  # the check that follows says what is wrong
    return (
        replace(arguments, json=orjson.dumps({**more, **values})) if isinstance(values, dict) else arguments
    )


def _in_body(body: bytes | bytearray, content_type: str, query: str, schema: Schema) -> Arguments:
    """The arguments in a body: JSON, a form, a multipart form, or one file.

    Where the body is a file, the query gives the other parameters. Raises ``MalformedRequest`` for what
    can't be read and ``InvalidInput`` for files that no parameter takes.
    """
    kind = _media_type(content_type)
    # `curl -d '{…}'` calls JSON a form unless it is told otherwise; a form never begins with a brace.
    if kind == _FORM and not body[:100].lstrip().startswith(b"{"):
        try:
            return arguments_of_query(body.decode(), schema)
        except UnicodeDecodeError:
            raise MalformedRequest("The form is not UTF-8 text.") from None
    if kind in ("", "application/json", _FORM) or kind.endswith("+json"):
        return Arguments(body)
    if kind == _MULTIPART:
        return _multipart(body, content_type, schema)
    return _file(body, kind, query, schema)


def _file(body: Buffer, kind: str, query: str, schema: Schema) -> Arguments:
    """The whole body as the one parameter that it can be."""
    files = _file_parameters(schema)
    required = [name for name in files if name in schema.get("required", ())]
    names = list(files) if len(files) == 1 else required
    said = f"The body's Content-Type is {kind[:100]!r}"
    if not files:
        raise MalformedRequest(f"{said}. Send application/json.")
    if len(names) != 1:
        raise MalformedRequest(
            f"{said}, and it could be any of {', '.join(files)}. Send {_MULTIPART} with a part for each."
        )
    name = names[0]
    if not _accepts(files[name], kind):
        raise MalformedRequest(
            f"{said}. Send application/json, or {name} alone as one of {', '.join(files[name])}."
        )
    values = _values(query, schema)
    if name in values:
        raise MalformedRequest(f"{name} is in the query and in the body. Send it once.")
    return Arguments(orjson.dumps(values), (Part(name, kind[:_MAX_NAME], None, body),))


def _multipart(body: bytes | bytearray, content_type: str, schema: Schema) -> Arguments:
    """RFC 7578: fields as texts, files as what their type says."""
    texts: dict[str, list[str]] = {}
    files: dict[str, list[FormPart]] = {}
    for part in parts_in(body, content_type):
        if part.filename is None:
            texts.setdefault(_valid(part.name), []).append(_field(part))
        else:
            files.setdefault(part.name, []).append(part)
    accepting = _file_parameters(schema)
    for name in accepting:
        if texts.get(name) == [""]:  # a browser's form in which no file was chosen
            del texts[name]
    values = values_of_text(texts, schema)
    parts: list[Part] = []
    for name, several in files.items():
        if len(several) > 1 or name in values:
            raise MalformedRequest(
                f"{name[:_MAX_NAME]!r} is given more than once. Send one part for each name."
            )
        file = several[0]
        kind = _media_type(file.content_type)
        if kind == "application/json" and accepting.get(name) != ["*/*"]:
            values[name] = _json_in(name, file.content)
        elif name in accepting:
            parts.append(_part(name, kind, file, accepting[name]))
        else:
            values |= values_of_text({_valid(name): [_text_in(name, file.content)]}, schema)
    return Arguments(orjson.dumps(values), tuple(parts))


def _part(name: str, kind: str, file: FormPart, accepted: list[str]) -> Part:
    if not _accepts(accepted, kind):
        raise _refused(name, f"is {kind[:100]}; send one of {', '.join(accepted)}")
    return Part(name, kind[:_MAX_NAME], _valid(file.filename or "")[:_MAX_NAME], file.content)


def _field(part: FormPart) -> str:
    try:
        return bytes(part.content).decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The multipart form could not be read: {error}.") from None


def _valid(name: str) -> str:
    """A name without lone surrogates, which its own encoding (RFC 5987) may have brought."""
    return name.encode("utf-8", "replace").decode()


def _json_in(name: str, content: Buffer) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The part {name[:_MAX_NAME]!r} is not JSON: {error}.") from None


def _text_in(name: str, content: Buffer) -> str:
    try:
        return bytes(content).decode()
    except UnicodeDecodeError:
        raise _refused(
            name, "takes no file: annotate it as bytes, Path, a DataFrame, an array or a picture"
        ) from None


def _file_parameters(schema: Schema) -> dict[str, list[str]]:
    """The parameters that a file can fill, with the media types that they take."""
    properties = schema.get("properties", {})
    return {
        name: [str(kind) for kind in each[_MEDIA]]
        for name, each in properties.items()
        if isinstance(each, dict) and isinstance(each.get(_MEDIA), list)
    }


def _accepts(accepted: list[str], kind: str) -> bool:
    whole = kind.partition("/")[0] + "/*"
    return kind in _UNTOLD or any(each in (kind, whole, "*/*") for each in accepted)


def _refused(name: str, message: str) -> InvalidInput:
    path = f"$.{name[:_MAX_NAME]}"
    return InvalidInput(
        f"The arguments do not fit the function: {path}: {message}.",
        faults=[{"path": path, "message": message}],
    )


def _values(text: str, schema: Schema) -> dict[str, Any]:
    try:
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise MalformedRequest(f"The parameters could not be read: {error}.") from None
    return values_of_text(fields, schema)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
