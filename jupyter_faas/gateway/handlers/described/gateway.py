"""The gateway itself, and its documents."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described.parts import BOOLEAN, COUNT, OBJECT, TEXT, TIME, maybe
from jupyter_faas.gateway.openapi.operation import Answer, Operation, Paths, json_of, object_of, reference
from jupyter_faas.model.media import HTML, JSON

__all__ = ["PATHS", "SCHEMAS"]

_TAG: Final = "Gateway"
_READINESS: Final = object_of(
    ("failures",),
    status={"enum": ["ready", "not ready"]},
    failures={
        "anyOf": [
            {"type": "object", "additionalProperties": TEXT},
            {"type": "array", "items": TEXT},
        ],
        "description": "What isn't ready (`engine`, `store`, `disk`, `gateway`), and with the token why.",
    },
)

SCHEMAS: Final[dict[str, Any]] = {
    "Engine": object_of(name=TEXT, version=TEXT, platform=TEXT, isolates=BOOLEAN, detail=OBJECT),
    "Gateway": object_of(
        version=TEXT,
        url=TEXT,
        pid=COUNT,
        started=TIME,
        data_dir=TEXT,
        engine=maybe(reference("Engine")),
        engine_problem=maybe(OBJECT),
        functions=COUNT,
        instances=COUNT,
        prewarmed=COUNT,
    ),
}

PATHS: Final[Paths] = {
    "/healthz": {
        "get": Operation(
            "is_alive",
            _TAG,
            "Whether the gateway answers at all.",
            {200: Answer("It does.", json_of(object_of(status={"const": "ok"})))},
            open_to_all=True,
        )
    },
    "/readyz": {
        "get": Operation(
            "is_ready",
            _TAG,
            "Whether the gateway can serve calls.",
            {
                200: Answer("It can.", json_of(_READINESS)),
                503: Answer("Something isn't ready.", json_of(_READINESS)),
            },
            open_to_all=True,
        )
    },
    "/metrics": {
        "get": Operation(
            "read_metrics",
            _TAG,
            "Metrics for Prometheus.",
            {200: Answer("Prometheus' text format.", {"text/plain": TEXT})},
        )
    },
    "/openapi.json": {
        "get": Operation(
            "describe_api",
            _TAG,
            "This document. Without the token it lists public functions only.",
            {200: Answer("An OpenAPI document.", {JSON: OBJECT})},
            open_to_all=True,
        )
    },
    "/docs": {
        "get": Operation(
            "show_docs",
            _TAG,
            "A page on which to read this document and try calls.",
            {200: Answer("The page.", {HTML: TEXT})},
            open_to_all=True,
        )
    },
    "/api/v1/gateway": {
        "get": Operation(
            "describe_gateway",
            _TAG,
            "The gateway, its engine, and how much it holds.",
            {200: Answer("The gateway.", json_of(reference("Gateway")))},
        )
    },
    "/api/v1/shutdown": {
        "post": Operation(
            "shut_down",
            _TAG,
            "End the gateway. It finishes its calls first.",
            {202: Answer("It takes no new work.", json_of(object_of(status={"const": "draining"})))},
        )
    },
}
