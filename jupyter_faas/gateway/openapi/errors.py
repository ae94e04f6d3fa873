"""The problems that an operation may answer with, by their statuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from jupyter_faas.gateway.problems import MEDIA_TYPE, status_of
from jupyter_faas.model import errors
from jupyter_faas.model.errors import TYPE_PREFIX, FaasError, leaf_errors

__all__ = ["CALL_ERRORS", "PROBLEM", "refusals"]

CALL_ERRORS: Final[tuple[type[FaasError], ...]] = (
    errors.MalformedRequest,
    errors.Unauthenticated,
    errors.NotFound,
    errors.NotAcceptable,
    errors.PayloadTooLarge,
    errors.InvalidInput,
    errors.Saturated,
    errors.HandlerError,
    errors.InternalError,
    errors.InitError,
    errors.OutOfMemory,
    errors.Crashed,
    errors.ResultTooLarge,
    errors.ResultNotEncodable,
    errors.EngineUnavailable,
    errors.Draining,
    errors.InvocationTimeout,
)
"""What a call may end with."""

_HTTP: Final = "http"
"""The code of what HTTP itself has a word for."""

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An error (RFC 9457): a sentence for a person, and figures for a program beside these.",
    "properties": {
        "type": {"type": "string", "description": f"`{TYPE_PREFIX}CODE`, or `about:blank`."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, with the figure, and what to do next."},
        "code": {"type": "string", "enum": [*(leaf.code for leaf in leaf_errors()), _HTTP]},
    },
    "required": ["type", "title", "status", "detail", "code"],
    "additionalProperties": True,
}


def refusals(kinds: Iterable[type[FaasError]]) -> dict[str, Any]:
    """The responses that these errors become, by status."""
    by_status: dict[str, list[type[FaasError]]] = {}
    for kind in kinds:
        by_status.setdefault(str(status_of(kind("…"))), []).append(kind)
    return {status: _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: str, kinds: list[type[FaasError]]) -> dict[str, Any]:
    said = "; ".join(f"`{kind.code}`: {kind.title[0].lower()}{kind.title[1:]}" for kind in kinds)
    response: dict[str, Any] = {
        "description": f"{said}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
            }
        },
    }
    if status == "429":
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    if status == "401":
        response["headers"] = {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}
    return response


def _example(kind: type[FaasError]) -> dict[str, Any]:
    error = kind("What happened, and what to do next.")
    return {**error.problem(), "status": status_of(error)}
