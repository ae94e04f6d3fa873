"""Uploads and builds."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described.parts import (
    BOOLEAN,
    BYTES,
    COUNT,
    FUNCTION_NAME,
    NUMBER,
    OBJECT,
    TEXT,
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
from jupyter_faas.model.aliases import ALIAS_PATTERN
from jupyter_faas.model.errors import (
    Conflict,
    Draining,
    MalformedRequest,
    NotFound,
    PayloadTooLarge,
)
from jupyter_faas.model.media import SSE

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "Publishing"
_DIGEST: Final = Parameter(
    "digest",
    "The SHA-256 of the bundle's bytes.",
    {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "path",
)
_BUILD_ID: Final = Parameter("id", "The build's id.", TEXT, "path")

SCHEMAS: Final[dict[str, Any]] = {
    "Step": object_of(
        step={"enum": ["environment", "image", "check", "live"]},
        state={"enum": ["started", "progress", "done", "reused"]},
        seconds=NUMBER,
        detail=TEXT,
    ),
    "Publication": object_of(
        ("url",),
        function=TEXT,
        version=COUNT,
        digest=TEXT,
        url=TEXT,
        environment_packages=array_of(TEXT),
        layer_bytes=BYTES,
        image_bytes=BYTES,
        isolates=BOOLEAN,
        author=maybe(TEXT),
        changes=maybe(reference("Changes")),
        aliases=array_of(TEXT),
        seconds=NUMBER,
    ),
    "Build": object_of(
        id=TEXT,
        function=TEXT,
        state={"enum": ["running", "live", "unchanged", "failed"]},
        steps=array_of(reference("Step")),
        publication=maybe(reference("Publication")),
        problem=maybe({**OBJECT, "description": "Why it failed."}),
    ),
}

PATHS: Final[Paths] = {
    "/api/v1/bundles/{digest}": {
        "head": Operation(
            "has_bundle",
            _TAG,
            "Whether a bundle was uploaded before.",
            {200: Answer("It was."), 404: Answer("It was not.")},
            (MalformedRequest,),
            (_DIGEST,),
        ),
        "put": Operation(
            "upload_bundle",
            _TAG,
            "Upload a bundle. It is a tar of `function.json`, the handler, and what goes along.",
            {201: Answer("It is kept.", json_of(object_of(digest=TEXT)))},
            (MalformedRequest, PayloadTooLarge),
            (_DIGEST,),
            {"application/x-tar": {"type": "string", "format": "binary"}},
        ),
    },
    "/api/v1/functions/{name}/versions": {
        "post": Operation(
            "publish",
            _TAG,
            "Begin to build a version of an uploaded bundle.",
            {
                202: Answer(
                    "The build has begun.",
                    json_of(reference("Build")),
                    {"Location": "Where the build is."},
                )
            },
            (MalformedRequest, NotFound, Conflict, Draining),
            (FUNCTION_NAME,),
            json_of(
                object_of(
                    ("environment", "aliases"),
                    bundle=_DIGEST.schema,
                    environment={"type": "object", "additionalProperties": TEXT},
                    aliases={
                        **array_of({"type": "string", "pattern": ALIAS_PATTERN}),
                        "description": "Those that are to lead to the version, too.",
                    },
                )
            ),
        )
    },
    "/api/v1/builds/{id}": {
        "get": Operation(
            "follow_build",
            _TAG,
            "A build as it stands, or its events from the first one on. Events are `step`, and at the end "
            "`live`, `unchanged` or `failed`.",
            {200: Answer("The build.", {**json_of(reference("Build")), SSE: TEXT})},
            (NotFound,),
            (_BUILD_ID,),
        )
    },
}
