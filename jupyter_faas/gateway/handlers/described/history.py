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
from jupyter_faas.model.errors import MalformedRequest, NotFound, Saturated
from jupyter_faas.model.media import IPYNB, SSE

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "History"
_ID: Final = Parameter("id", "The call's id: `Faas-Invocation-Id` of its answer.", TEXT, "path")

_WHEN: Final = {
    **TEXT,
    "description": "A time (RFC 3339), or how long ago.",
    "pattern": r"^(\d{1,6}(ms|s|m|h|d)|20\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)$",
    "examples": ["2h", "2026-01-31T12:00:00Z"],
}
_DURATION: Final = {**TEXT, "pattern": r"^\d{1,9}(\.\d{1,6})?(ms|s|m|h)$", "examples": ["200ms"]}
_GO_ON: Final = "Where to go on: the `next` of the page before."
_SINCE: Final = Parameter("since", "The earliest.", _WHEN)
_UNTIL: Final = Parameter("until", "The latest.", _WHEN)
_CALLS: Final = (
    LIMIT,
    Parameter(
        "cursor", "Where to go on: the `next` of the page before.", {**TEXT, "pattern": "^[0-9a-f]{1,15}$"}
    ),
    Parameter(
        "status",
        "An HTTP status, or a class of them such as `5xx`.",
        {**TEXT, "pattern": r"^[1-5](\d\d|xx)$"},
    ),
    Parameter("code", "The code of an error.", {**TEXT, "pattern": "^[a-z]+(-[a-z]+)*$"}),
    Parameter("version", "A version's number.", {**COUNT, "maximum": 999_999_999}),
    _SINCE,
    _UNTIL,
    Parameter("min_duration", "The shortest that it ran.", _DURATION),
    Parameter("max_duration", "The longest that it ran.", _DURATION),
)
_LINES: Final = (
    LIMIT,
    Parameter(
        "cursor",
        "Where to go on: the `next` of the page before.",
        {**TEXT, "pattern": "^[0-9a-f]{1,15}-[0-9a-f]{1,15}$"},
    ),
    Parameter("text", "What must be in a line, in upper or lower case.", TEXT),
    Parameter(
        "level",
        "A level of `logging`, for that and higher ones; or a stream.",
        {"enum": ["debug", "info", "warning", "error", "critical", "stdout", "stderr", "faas"]},
    ),
    _SINCE,
    _UNTIL,
    Parameter("invocation", "The call that wrote it.", TEXT),
)
_NEXT: Final = maybe({**TEXT, "description": "The cursor of the next page; null if this is the last one."})
_PAGE: Final = json_of(object_of(invocations=array_of(reference("Invocation")), next=_NEXT))
_CALL: Final[dict[str, Any]] = {
    "id": TEXT,
    "function": TEXT,
    "version": COUNT,
    "alias": maybe({**TEXT, "description": "By which the version was called; null if by its number."}),
    "caller": maybe({**TEXT, "description": "The name that a caller with the token gives, or `anonymous`."}),
    "status": {"type": "integer", "description": "Of HTTP."},
    "code": maybe({**TEXT, "description": "Of the problem, if it failed."}),
    "started": TIME,
    "queue_ms": MILLISECONDS,
    "start_ms": MILLISECONDS,
    "run_ms": MILLISECONDS,
    "cpu_ms": MILLISECONDS,
    "peak_bytes": maybe(BYTES),
    "cold": BOOLEAN,
    "start": {"enum": ["warm", "paused", "prewarmed", "cold", None]},
    "request_bytes": BYTES,
    "result_bytes": BYTES,
}

_FILE: Final = object_of(
    name={**TEXT, "description": "Of the parameter."},
    media_type=TEXT,
    filename=maybe(TEXT),
    content=maybe({**TEXT, "description": "In Base64."}),
)
_OUTPUT: Final = object_of(
    ("left_out", "json", "content"),
    content_type=TEXT,
    redacted=array_of(TEXT),
    left_out={**TEXT, "description": "Why there is no output."},
    json={},
    content={**TEXT, "description": "In Base64."},
)

_HOUR: Final[dict[str, Any]] = {
    "calls": COUNT,
    "errors": COUNT,
    "p50_ms": maybe({**MILLISECONDS, "description": "Half of the calls were answered within."}),
    "p99_ms": maybe(MILLISECONDS),
    "peak_bytes": maybe(BYTES),
}
_SERIES: Final = object_of(calls=array_of(COUNT), errors=array_of(COUNT))
_STATES: Final = ["live", "building", "failing", "idle", "paused"]
_OVERVIEW: Final = object_of(
    name=TEXT,
    version=maybe({**COUNT, "description": "Null while it is published for the first time."}),
    summary={**TEXT, "description": "The first line of its docstring."},
    signature=TEXT,
    public=BOOLEAN,
    published=maybe(TIME),
    notebook=maybe(TEXT),
    versions=COUNT,
    aliases=reference("Aliases"),
    instances={
        "type": "object",
        "additionalProperties": COUNT,
        "description": "By state: `starting`, `busy`, `idle`, `paused`, `ending`.",
    },
    state={"enum": _STATES, "description": "`failing`: the last three calls failed, or all of the hour."},
    step=maybe({**TEXT, "description": "Of the build that is under way."}),
    hour=maybe(object_of(**_HOUR, failing=BOOLEAN, series=_SERIES)),
)
_SLOT_SECONDS: Final = {**COUNT, "description": "How long each piece of the series is."}

SCHEMAS: Final[dict[str, Any]] = {
    "Invocation": object_of(
        ("logs", "problem"), **_CALL, problem=maybe(OBJECT), logs=array_of(reference("LogEntry"))
    ),
    "LogEntry": object_of(
        time=TIME,
        level=maybe({**TEXT, "description": "Of a logger."}),
        stream={**TEXT, "description": "`stdout`, `stderr`, `faas`, or the level of a logger."},
        text=TEXT,
        invocation=maybe({**TEXT, "description": "Null while the function was imported."}),
    ),
    "Recording": object_of(
        id=TEXT,
        function=TEXT,
        version=COUNT,
        status={"type": "integer", "description": "Of HTTP."},
        code=maybe(TEXT),
        input=maybe({**OBJECT, "description": "The arguments, less the files."}),
        files=array_of(_FILE),
        redacted={**array_of(TEXT), "description": "Where something was taken out of the input."},
        left_out=maybe({**TEXT, "description": "Why there is no input."}),
        output=maybe(_OUTPUT),
    ),
    "Overview": object_of(slot_seconds=_SLOT_SECONDS, functions=array_of(_OVERVIEW)),
    "Activity": object_of(
        function=TEXT, slot_seconds=_SLOT_SECONDS, **_HOUR, slots=array_of(object_of(begun=TIME, **_HOUR))
    ),
    "ErrorGroup": object_of(
        code=TEXT,
        exception=maybe(TEXT),
        cell=maybe(TEXT),
        line=maybe(COUNT),
        message={**TEXT, "description": "The newest one's."},
        first=TIME,
        last=TIME,
        count=COUNT,
        versions=array_of(COUNT),
        invocation={**TEXT, "description": "The newest one."},
    ),
}

PATHS: Final[Paths] = {
    "/api/v1/overview": {
        "get": Operation(
            "overview",
            _TAG,
            "All functions at a glance: their states, and what their calls did in the last hour.",
            {200: Answer("They, by name.", json_of(reference("Overview")))},
        )
    },
    "/api/v1/functions/{name}/activity": {
        "get": Operation(
            "read_activity",
            _TAG,
            "What a function's calls did in the last hour: how many there were, how long they took, what "
            "they used.",
            {200: Answer("In all, and in pieces.", json_of(reference("Activity")))},
            (NotFound,),
            (FUNCTION_NAME,),
        )
    },
    "/api/v1/invocations": {
        "get": Operation(
            "list_all_invocations",
            _TAG,
            "The calls of all functions, newest first. A page may have fewer than its limit though others "
            "follow.",
            {200: Answer("A page.", _PAGE)},
            (NotFound, MalformedRequest),
            (*_CALLS, Parameter("function", "Only the calls of this one.", TEXT)),
        )
    },
    "/api/v1/functions/{name}/invocations": {
        "get": Operation(
            "list_invocations",
            _TAG,
            "The calls of a function, newest first. A page may have fewer than its limit though others "
            "follow.",
            {200: Answer("A page.", _PAGE)},
            (NotFound, MalformedRequest),
            (FUNCTION_NAME, *_CALLS),
        )
    },
    "/api/v1/functions/{name}/logs": {
        "get": Operation(
            "read_logs",
            _TAG,
            "What a function wrote, oldest first. As events, the last lines are followed by each new one.",
            {
                200: Answer(
                    "The last lines.",
                    {
                        **json_of(object_of(logs=array_of(reference("LogEntry")), next=_NEXT)),
                        SSE: {**TEXT, "description": "`log`: a LogEntry; `missed`: how many `lines`."},
                    },
                )
            },
            (NotFound, MalformedRequest, Saturated),
            (FUNCTION_NAME, *_LINES),
        )
    },
    "/api/v1/functions/{name}/errors": {
        "get": Operation(
            "list_errors",
            _TAG,
            "The errors of a function, grouped by their kind and the cell's line, the newest first.",
            {200: Answer("The groups.", json_of(object_of(errors=array_of(reference("ErrorGroup")))))},
            (NotFound,),
            (FUNCTION_NAME,),
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
    "/api/v1/invocations/{id}/recording": {
        "get": Operation(
            "read_recording",
            _TAG,
            "What a call of a function that records its calls was given and gave.",
            {200: Answer("Input and output.", json_of(reference("Recording")))},
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
