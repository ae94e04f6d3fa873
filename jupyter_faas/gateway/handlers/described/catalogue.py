"""The catalogue."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described.parts import (
    BOOLEAN,
    COUNT,
    FUNCTION_NAME,
    NUMBER,
    OBJECT,
    SELECTOR,
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
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Conflict, EngineUnavailable, MalformedRequest, NotFound

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "Catalogue"
_CONTENTS: Final[dict[str, Any]] = {
    "versions": COUNT,
    "aliases": array_of(TEXT),
    "instances": COUNT,
    "calls": COUNT,
    "images": COUNT,
    "bytes": COUNT,
    "invocations": COUNT,
}
_EXAMPLE: Final = object_of(("result",), arguments=OBJECT, result={})

_SPREAD: Final = object_of(p50=NUMBER, p99=NUMBER, max=NUMBER)

SCHEMAS: Final[dict[str, Any]] = {
    "Caps": {**Caps.model_json_schema(), "description": "Within which a function runs; units in the names."},
    "Function": object_of(
        name=TEXT,
        version=COUNT,
        digest=TEXT,
        url=TEXT,
        public=BOOLEAN,
        doc=TEXT,
        entry=TEXT,
        signature={**TEXT, "description": "As Python writes it."},
        python=TEXT,
        packages=array_of(TEXT),
        apt=array_of(TEXT),
        environment={**array_of(TEXT), "description": "Names of variables."},
        caps=reference("Caps"),
        input_schema={**OBJECT, "description": "JSON Schema (2020-12) of the named arguments."},
        output_schema=maybe({**OBJECT, "description": "JSON Schema of the result."}),
        examples={**array_of(_EXAMPLE), "description": "Calls that the docstring or `--check` shows."},
        origin={**OBJECT, "description": "The notebook, cell and author that it was published from."},
        published=TIME,
        versions=COUNT,
        aliases={**reference("Aliases"), "description": "Where its aliases lead, `latest` first."},
        author=maybe(TEXT),
        instances=COUNT,
    ),
    "CapsAdvice": object_of(
        function=TEXT,
        version=COUNT,
        caps=reference("Caps"),
        usage={
            **object_of(
                calls=COUNT,
                run_seconds=maybe(_SPREAD),
                memory_bytes=maybe(_SPREAD),
                cpu=maybe(_SPREAD),
                timeouts=COUNT,
                out_of_memory=COUNT,
            ),
            "description": "Of the last calls, at most 10,000, whichever version served them.",
        },
        proposals=array_of(
            object_of(cap=TEXT, present=NUMBER, proposed=NUMBER, option=TEXT, reason=TEXT),
        ),
    ),
    "Form": {
        **object_of(schema=OBJECT, uiSchema=OBJECT, formData=OBJECT, example=OBJECT),
        "description": "What react-jsonschema-form draws a form of: its `schema` (draft 7), `uiSchema` and "
        "`formData`; `example` are arguments for a call to copy, made up where the docstring has none.",
    },
    "Lock": object_of(function=TEXT, version=COUNT, lock=TEXT),
}

PATHS: Final[Paths] = {
    "/api/v1/functions/{name}/caps": {
        "get": Operation(
            "advise_caps",
            _TAG,
            "The caps of a function, what its calls used of them, and which would fit better.",
            {200: Answer("Caps, use and proposals.", json_of(reference("CapsAdvice")))},
            (NotFound,),
            (FUNCTION_NAME,),
        ),
        "patch": Operation(
            "change_caps",
            _TAG,
            "Make a new version with other caps. It has the image of the latest one, and goes live if the "
            "function starts with these caps.",
            {
                200: Answer(
                    "It is live, or these are the caps already.",
                    json_of(
                        object_of(state={"enum": ["live", "unchanged"]}, publication=reference("Publication"))
                    ),
                )
            },
            (NotFound, MalformedRequest, Conflict, EngineUnavailable),
            (FUNCTION_NAME,),
            json_of(
                {
                    "type": "object",
                    "properties": Caps.model_json_schema()["properties"],
                    "additionalProperties": False,
                    "minProperties": 1,
                }
            ),
        ),
    },
    "/api/v1/functions": {
        "get": Operation(
            "list_functions",
            _TAG,
            "All functions.",
            {200: Answer("They, by name.", json_of(object_of(functions=array_of(reference("Function")))))},
        )
    },
    "/api/v1/functions/{name}": {
        "get": Operation(
            "describe_function",
            _TAG,
            "One function.",
            {200: Answer("The function.", json_of(reference("Function")))},
            (NotFound,),
            (FUNCTION_NAME,),
        ),
        "delete": Operation(
            "delete_function",
            _TAG,
            "Delete a function with all its versions.",
            {200: Answer("What was deleted.", json_of(object_of(deleted=TEXT, **_CONTENTS)))},
            (NotFound,),
            (FUNCTION_NAME,),
        ),
    },
    "/api/v1/functions/{name}@{version}": {
        "get": Operation(
            "describe_selected",
            _TAG,
            "One function as a version of it. Of an alias that shares its calls out it is the version with "
            "the largest share.",
            {200: Answer("The function.", json_of(reference("Function")))},
            (NotFound,),
            (FUNCTION_NAME, Parameter("version", "A version's number, or an alias.", TEXT, "path")),
        )
    },
    "/api/v1/functions/{name}/deletion": {
        "get": Operation(
            "preview_deletion",
            _TAG,
            "What deleting a function would take away.",
            {200: Answer("It.", json_of(object_of(function=TEXT, **_CONTENTS)))},
            (NotFound,),
            (FUNCTION_NAME,),
        )
    },
    "/api/v1/functions/{name}/openapi.json": {
        "get": Operation(
            "describe_function_api",
            _TAG,
            "The OpenAPI document of one function. Of a public function it wants no token.",
            {200: Answer("An OpenAPI document.", json_of(OBJECT))},
            (NotFound,),
            (FUNCTION_NAME, SELECTOR),
            public_too=True,
        )
    },
    "/api/v1/functions/{name}/form": {
        "get": Operation(
            "describe_form",
            _TAG,
            "The function's arguments as a form.",
            {200: Answer("For react-jsonschema-form.", json_of(reference("Form")))},
            (NotFound,),
            (FUNCTION_NAME, SELECTOR),
            public_too=True,
        )
    },
    "/api/v1/functions/{name}/lock": {
        "get": Operation(
            "read_lock",
            _TAG,
            "Every package of a version with its hashes, as uv writes it.",
            {200: Answer("The lock.", json_of(reference("Lock")))},
            (NotFound,),
            (FUNCTION_NAME, SELECTOR),
        )
    },
}
