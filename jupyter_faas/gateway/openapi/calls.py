"""A function as operations of OpenAPI: how it is called, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jupyter_faas.gateway.openapi.bodies import beside, query_parameters, request_content, whole_file
from jupyter_faas.gateway.openapi.errors import CALL_ERRORS, refusals
from jupyter_faas.gateway.openapi.schemas import Components
from jupyter_faas.model.doctests import UNKNOWN, Example
from jupyter_faas.model.media import CSV, HTML, JSON, NDJSON, SSE
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["CALL_HEADERS", "CALL_RESPONSES", "add_function"]

CALL_HEADERS: Final[dict[str, Any]] = {
    "Faas-Invocation-Id": {
        "description": "The call's name in the history: `GET /api/v1/invocations/{id}`.",
        "schema": {"type": "string"},
    },
    "Faas-Version": {
        "description": "The version that was called.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "Server-Timing": {
        "description": "Milliseconds in the queue, until an instance ran, and of the function itself: "
        '`queue;dur=0.1, start;dur=0.0;desc="warm", run;dur=1.5`.',
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before calling again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}},
}
"""The headers of answers, which a document has once."""

CALL_RESPONSES: Final[dict[str, Any]] = {
    f"Call{status}": response for status, response in refusals(CALL_ERRORS).items()
}
"""What calls are refused with, which a document has once."""

MEDIA: Final = "x-faas-media"
_TRACE: Final[dict[str, Any]] = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "Passed on to the answer (W3C Trace Context).",
    "schema": {"type": "string"},
}
_TEXTS: Final = (CSV, HTML, "text/plain", "image/svg+xml")


def add_function(
    paths: dict[str, Any],
    components: Components,
    function: Mapping[str, Any],
    examples: Sequence[Example],
    selector: str = "",
) -> None:
    """Add the path of ``function`` (as the API describes it); ``selector`` names one of its versions."""
    name = str(function["name"])
    reference = components.add(f"{name}.input", function["input_schema"])
    schema, definitions = components.of(reference), components.schemas
    common = {
        "tags": ["Functions"],
        "summary": _summary(function),
        "description": _description(function, whole_file(schema, definitions)),
        "responses": _responses(components, function, examples),
        "security": [{}, {"token": []}] if function["public"] else [{"token": []}],
    }
    content = request_content(reference, schema, definitions)
    shown = {_label(at): {"value": each.arguments} for at, each in enumerate(examples)}
    if shown:
        content[JSON]["examples"] = shown
    query = query_parameters(schema, definitions, beside(schema, definitions)) or []
    body = {"required": bool(schema.get("required")), "content": content}
    item: dict[str, Any] = {
        "post": {**common, "operationId": f"call_{name}", "parameters": [*query, _TRACE], "requestBody": body}
    }
    query_of_get = query_parameters(schema, definitions)
    if query_of_get is not None:
        parameters = [*query_of_get, _TRACE]
        item["get"] = {**common, "operationId": f"call_{name}_by_query", "parameters": parameters}
    paths[f"/functions/{name}{'@' if selector else ''}{selector}"] = item


def _label(at: int) -> str:
    return f"example {at + 1}"


def _summary(function: Mapping[str, Any]) -> str:
    first = str(function["doc"]).strip().partition("\n")[0]
    return first or f"Call {function['name']}"


def _description(function: Mapping[str, Any], whole: str | None) -> str:
    """The docstring, its signature, and within which caps it runs; ``whole`` is what a file's bytes fill."""
    caps = function["caps"]
    limits = (
        f"A call may take {format_duration(caps['timeout_seconds'])} and "
        f"{format_size(caps['memory_bytes'])} of memory; a body may have "
        f"{format_size(caps['payload_bytes'])}, a result {format_size(caps['result_bytes'])}."
    )
    written = f"```python\n{function['entry']}{function['signature']}\n```" if function["signature"] else ""
    file = f"A body that is a file fills `{whole}`; the query gives the other parameters." if whole else ""
    return "\n\n".join(
        part for part in (_fenced(str(function["doc"]).strip()), written, file, limits) if part
    )


def _fenced(doc: str) -> str:
    """A docstring as Markdown, in which ``>>>`` would begin quotations."""
    parts = doc.split("\n\n")
    return "\n\n".join(
        f"```python\n{part}\n```" if part.lstrip().startswith(">>>") else part for part in parts
    )


def _responses(
    components: Components, function: Mapping[str, Any], examples: Sequence[Example]
) -> dict[str, Any]:
    """What the function answers, and what a call is refused with."""
    headers = {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in ("Faas-Invocation-Id", "Faas-Version", "Server-Timing")
    }
    responses: dict[str, Any] = {
        "200": {
            "description": "The result, in the form that `Accept` chooses; the first is the default.",
            "headers": headers,
            "content": _content(components, function, examples),
        }
    }
    schema = function["output_schema"] or {}
    if MEDIA not in schema:
        responses["default"] = {
            "description": "The function may choose another status and form by returning a `Response`.",
            "headers": headers,
        }
    for name in CALL_RESPONSES:
        responses[name.removeprefix("Call")] = {"$ref": f"#/components/responses/{name}"}
    return responses


def _content(
    components: Components, function: Mapping[str, Any], examples: Sequence[Example]
) -> dict[str, Any]:
    output = function["output_schema"] or {}
    forms = [str(form) for form in output.get(MEDIA, ())]
    written: dict[str, Any] = {}
    told = output.keys() - {MEDIA, "$defs"}
    if told and (JSON in forms or not forms):
        written = {"schema": components.add(f"{function['name']}.output", output)}
    results = {
        _label(at): {"value": each.result} for at, each in enumerate(examples) if each.result is not UNKNOWN
    }
    if results and forms[:1] in ([], [JSON]):
        written["examples"] = results
    if not forms:
        return {JSON: written, "*/*": {}}
    return {form: written if form == JSON else _other(form, output) for form in forms}


def _stream_text(output: Mapping[str, Any]) -> str:
    items = output.get("items") or {}
    kind = f" (items: {items['type']})" if isinstance(items.get("type"), str) else ""
    return (
        f"A line, or an event, for each item as the function yields it{kind}. An error after the first item "
        'is the last line, `{"error": problem}`, or an `error` event.'
    )


def _other(form: str, output: Mapping[str, Any]) -> dict[str, Any]:
    """What another form than JSON has in it."""
    if form in (NDJSON, SSE):
        return {"schema": {"type": "string", "description": _stream_text(output)}}
    if form in _TEXTS:
        return {"schema": {"type": "string"}}
    return {"schema": {"type": "string", "format": "binary", "contentMediaType": form}}
