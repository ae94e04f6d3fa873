"""Calls that were made."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described.parts import (
    BOOLEAN,
    BYTES,
    COUNT,
    FUNCTION_NAME,
    LIMIT,
    MILLISECONDS,
    OBJECT,
    TEXT,
    TIME,
    maybe,
)
from jupyter_faas.gateway.openapi.operation import (
    Answer,
    Operation,
    Parameter,
    Paths,
    array_of,
    json_of,
    object_of,
    reference,
)
from jupyter_faas.model.errors import MalformedRequest, NotFound
from jupyter_faas.model.media import IPYNB

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "History"
_ID: Final = Parameter("id", "The call's id: `Faas-Invocation-Id` of its answer.", TEXT, "path")

SCHEMAS: Final[dict[str, Any]] = {
    "Invocation": object_of(
        ("logs",),
        id=TEXT,
        function=TEXT,
        version=COUNT,
        status={"type": "integer", "description": "Of HTTP."},
        code=maybe({**TEXT, "description": "Of the problem, if it failed."}),
        started=TIME,
        queue_ms=MILLISECONDS,
        start_ms=MILLISECONDS,
        run_ms=MILLISECONDS,
        cpu_ms=MILLISECONDS,
        peak_bytes=maybe(BYTES),
        cold=BOOLEAN,
        start={"enum": ["warm", "paused", "prewarmed", "cold", None]},
        problem=maybe(OBJECT),
        logs=array_of(reference("LogEntry")),
    ),
    "LogEntry": object_of(
        time=TIME,
        stream={**TEXT, "description": "`stdout`, `stderr`, or the level of a logger."},
        text=TEXT,
        invocation=TEXT,
    ),
}

PATHS: Final[Paths] = {
    "/api/v1/functions/{name}/invocations": {
        "get": Operation(
            "list_invocations",
            _TAG,
            "The calls of a function, newest first.",
            {200: Answer("Calls.", json_of(object_of(invocations=array_of(reference("Invocation")))))},
            (NotFound, MalformedRequest),
            (FUNCTION_NAME, LIMIT),
        )
    },
    "/api/v1/functions/{name}/logs": {
        "get": Operation(
            "read_logs",
            _TAG,
            "What a function wrote, oldest first.",
            {200: Answer("The last lines.", json_of(object_of(logs=array_of(reference("LogEntry")))))},
            (NotFound, MalformedRequest),
            (FUNCTION_NAME, LIMIT),
        )
    },
    "/api/v1/invocations/{id}": {
        "get": Operation(
            "describe_invocation",
            _TAG,
            "One call, with what it wrote.",
            {200: Answer("The call.", json_of(reference("Invocation")))},
            (NotFound,),
            (_ID,),
        )
    },
    "/api/v1/invocations/{id}/notebook": {
        "get": Operation(
            "read_partial_notebook",
            _TAG,
            "The notebook of a call in which a cell failed, as far as it ran.",
            {200: Answer("The notebook.", {IPYNB: OBJECT})},
            (NotFound,),
            (_ID,),
        )
    },
}
