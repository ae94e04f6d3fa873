"""Versions and aliases."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described.parts import (
    BOOLEAN,
    BYTES,
    COUNT,
    FUNCTION_NAME,
    LIMIT,
    NUMBER,
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
from jupyter_faas.model.aliases import ALIAS_PATTERN
from jupyter_faas.model.errors import Conflict, EngineUnavailable, MalformedRequest, NotFound

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "Versions"
_VERSION: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 1_000_000_000}
_SHARES: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 100},
    "description": "Versions by number, each with its share of the calls in percent; together 100.",
}
_NUMBER: Final = Parameter("number", "The version's number.", _VERSION, "path")
_ALIAS: Final = Parameter("alias", "The alias.", {**TEXT, "pattern": ALIAS_PATTERN}, "path")
_AUTHOR: Final = {**TEXT, "maxLength": 200, "description": "Who asks for it."}
_TOLD: Final[dict[str, Any]] = {
    "function": TEXT,
    "version": COUNT,
    "digest": TEXT,
    "published": TIME,
    "author": maybe(TEXT),
    "notebook": maybe(TEXT),
    "cell": maybe(TEXT),
    "aliases": {
        "type": "object",
        "additionalProperties": COUNT,
        "description": "Those that lead to it, each with its share of the alias's calls in percent.",
    },
    "served": maybe({**TIME, "description": "When a call of it succeeded for the first time."}),
    "instances": COUNT,
    "layer_bytes": BYTES,
    "image_bytes": BYTES,
    "changes": maybe(reference("Changes")),
}
_CHANGES: Final[dict[str, Any]] = {
    "since": {**COUNT, "description": "The version with which it was compared."},
    "breaking": {**COUNT, "description": "How many of the changes break callers."},
    "changes": array_of(reference("Change")),
}

SCHEMAS: Final[dict[str, Any]] = {
    "Aliases": {"type": "object", "additionalProperties": _SHARES},
    "Change": object_of(
        part={"enum": ["schema", "access", "source", "packages", "python", "caps", "environment", "doc"]},
        what={**TEXT, "description": "In words."},
        breaking={**BOOLEAN, "description": "Whether calls that worked before may fail now."},
    ),
    "Changes": object_of(
        ("more",), **_CHANGES, more={**COUNT, "description": "How many more there are than are noted."}
    ),
    "Version": object_of(**_TOLD),
    "DescribedVersion": object_of(
        **_TOLD,
        doc=TEXT,
        signature=TEXT,
        python=TEXT,
        packages=array_of(TEXT),
        apt=array_of(TEXT),
        environment=array_of(TEXT),
        caps=reference("Caps"),
        public=BOOLEAN,
        input_schema=OBJECT,
        output_schema=maybe(OBJECT),
    ),
    "Move": object_of(
        alias=TEXT,
        moved=TIME,
        author=maybe(TEXT),
        reason={"enum": ["publish", "alias", "rollback", "removed"]},
        before=maybe({**TEXT, "description": "As people write it: `7`, `7:90,8:10`."}),
        after=maybe(TEXT),
    ),
    "Moved": object_of(function=TEXT, alias=TEXT, before=_SHARES, versions=_SHARES),
}

_TAKEN: Final = object_of(count=COUNT, bytes=BYTES)
_POLICY: Final = object_of(
    keep_versions=COUNT, keep_seconds=NUMBER, upload_seconds=NUMBER, every_seconds=NUMBER
)
SCHEMAS["Pruned"] = object_of(
    dry_run=BOOLEAN,
    versions=array_of(object_of(function=TEXT, version=COUNT, published=TIME)),
    kept={**COUNT, "description": "How many versions stay."},
    images=object_of(function=COUNT, environment=COUNT, packages=COUNT),
    bundles=COUNT,
    bytes=BYTES,
    policy=_POLICY,
)
SCHEMAS["Disk"] = object_of(
    images={
        **object_of(function=_TAKEN, environment=_TAKEN, packages=_TAKEN, base=_TAKEN),
        "description": "Layers that images share are counted once.",
    },
    database=_TAKEN,
    bundles=_TAKEN,
    locks=_TAKEN,
    other={**_TAKEN, "description": "Caches, layers, partial notebooks."},
    frozen_values={**_TAKEN, "description": "A part of the bundles."},
    free_bytes={**BYTES, "description": "Free where the data directory is."},
)

PATHS: Final[Paths] = {
    "/api/v1/prune": {
        "get": Operation(
            "preview_prune",
            _TAG,
            "What a collection of old versions would take away now.",
            {200: Answer("It.", json_of(reference("Pruned")))},
            (EngineUnavailable,),
        ),
        "post": Operation(
            "prune",
            _TAG,
            "Collect old versions, and the images and bundles that nothing needs.",
            {200: Answer("What has gone.", json_of(reference("Pruned")))},
            (Conflict, EngineUnavailable),
        ),
    },
    "/api/v1/disk": {
        "get": Operation(
            "measure_disk",
            _TAG,
            "What the gateway takes on disks.",
            {200: Answer("Bytes, by what they are for.", json_of(reference("Disk")))},
            (EngineUnavailable,),
        )
    },
    "/api/v1/functions/{name}/versions": {
        "get": Operation(
            "list_versions",
            _TAG,
            "The versions of a function, newest first.",
            {
                200: Answer(
                    "A page of them.",
                    json_of(
                        object_of(
                            function=TEXT,
                            latest=COUNT,
                            total=COUNT,
                            versions=array_of(reference("Version")),
                            next=maybe({**COUNT, "description": "The `below` of the next page."}),
                        )
                    ),
                )
            },
            (MalformedRequest, NotFound),
            (FUNCTION_NAME, LIMIT, Parameter("below", "Only versions with lower numbers.", _VERSION)),
        )
    },
    "/api/v1/functions/{name}/versions/{number}": {
        "get": Operation(
            "describe_version",
            _TAG,
            "One version.",
            {200: Answer("The version.", json_of(reference("DescribedVersion")))},
            (MalformedRequest, NotFound),
            (FUNCTION_NAME, _NUMBER),
        ),
        "delete": Operation(
            "delete_version",
            _TAG,
            "Delete one version. No alias may lead to it, and no call run on it.",
            {
                200: Answer(
                    "What was deleted.", json_of(object_of(deleted=TEXT, version=COUNT, layer_bytes=BYTES))
                )
            },
            (MalformedRequest, NotFound, Conflict),
            (FUNCTION_NAME, _NUMBER),
        ),
    },
    "/api/v1/functions/{name}/versions/{number}/changes": {
        "get": Operation(
            "compare_versions",
            _TAG,
            "What is new in a version.",
            {
                200: Answer(
                    "All changes.",
                    json_of(
                        object_of(
                            function=TEXT,
                            version=COUNT,
                            **_CHANGES,
                            source={**TEXT, "description": "As a unified diff."},
                        )
                    ),
                )
            },
            (MalformedRequest, NotFound),
            (
                FUNCTION_NAME,
                _NUMBER,
                Parameter(
                    "since", "The version to compare with; by default what was the latest before.", _VERSION
                ),
            ),
        )
    },
    "/api/v1/functions/{name}/aliases": {
        "get": Operation(
            "list_aliases",
            _TAG,
            "Where a function's aliases lead, and the last times that one was moved.",
            {
                200: Answer(
                    "They.",
                    json_of(
                        object_of(
                            function=TEXT, aliases=reference("Aliases"), moves=array_of(reference("Move"))
                        )
                    ),
                )
            },
            (MalformedRequest, NotFound),
            (FUNCTION_NAME, LIMIT),
        )
    },
    "/api/v1/functions/{name}/aliases/{alias}": {
        "put": Operation(
            "move_alias",
            _TAG,
            "Have an alias lead to a version, or to several. They are started before; if one does not start, "
            "the alias stays where it is.",
            {200: Answer("What was moved.", json_of(reference("Moved")))},
            (MalformedRequest, NotFound, Conflict, EngineUnavailable),
            (FUNCTION_NAME, _ALIAS),
            json_of(object_of(("author",), versions={**_SHARES, "minProperties": 1}, author=maybe(_AUTHOR))),
        ),
        "delete": Operation(
            "remove_alias",
            _TAG,
            "Forget an alias.",
            {200: Answer("What was moved.", json_of(reference("Moved")))},
            (MalformedRequest, NotFound),
            (FUNCTION_NAME, _ALIAS, Parameter("author", "Who asks for it.", _AUTHOR)),
        ),
    },
    "/api/v1/functions/{name}/rollback": {
        "post": Operation(
            "roll_back",
            _TAG,
            "Move `latest` back to the version that last served well, or to another one.",
            {200: Answer("What was moved.", json_of(reference("Moved")))},
            (MalformedRequest, NotFound, Conflict, EngineUnavailable),
            (FUNCTION_NAME,),
            json_of(
                object_of(
                    ("to", "from", "author"),
                    **{
                        "to": maybe({**_VERSION, "description": "The version to move it to."}),
                        "from": maybe(
                            {**_VERSION, "description": "What the caller takes for the latest one."}
                        ),
                        "author": maybe(_AUTHOR),
                    },
                )
            ),
        )
    },
}
