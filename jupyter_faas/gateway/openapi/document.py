"""The OpenAPI document (https://spec.openapis.org/oas/v3.1.1) of a gateway, or of one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from jupyter_faas.gateway.openapi.calls import CALL_HEADERS, CALL_RESPONSES, add_function
from jupyter_faas.gateway.openapi.errors import CALL_ERRORS, PROBLEM, refusals
from jupyter_faas.gateway.openapi.operation import Paths
from jupyter_faas.gateway.openapi.schemas import Components
from jupyter_faas.model.doctests import Example
from jupyter_faas.model.media import JSON
from jupyter_faas.version import VERSION

__all__ = ["Described", "document_of", "whole_document"]

ABOUT: Final = """\
Functions from notebook cells, behind HTTP. Arguments are checked against a function's schema before
anything runs; `Accept` chooses the form of the result; every error is `application/problem+json` (RFC 9457)
with a `code`.

Without the token this lists the functions that are public; with it, all. `jupyter faas token` prints it.
"""
TAGS: Final = {
    "Functions": "Calls: the published functions.",
    "Catalogue": "What is published, and from what.",
    "Versions": "What was published before, what is new in it, and which names lead where.",
    "Publishing": "Bundles and builds: what `%%publish` does.",
    "History": "Calls that were made, and what they wrote.",
    "Gateway": "The gateway itself.",
}
SECURITY: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The gateway's token; `jupyter faas token` prints it.",
    }
}


class Described(NamedTuple):
    """A function as the API describes it, and the examples that its docstring has."""

    function: Mapping[str, Any]
    examples: Sequence[Example]


def whole_document(
    paths: Paths, schemas: Mapping[str, Any], functions: Iterable[Described], server: str = "."
) -> dict[str, Any]:
    """The management API and ``functions``; ``server`` is the gateway's address as the document sees it."""
    components = Components()
    components.schemas |= {**schemas, "Problem": PROBLEM}
    described: dict[str, Any] = {}
    for each in functions:
        add_function(described, components, each.function, each.examples)
    described |= {
        path: {method: operation.described() for method, operation in item.items()}
        for path, item in paths.items()
    }
    described["/functions/{name}@{version}"] = _call_of_version()
    return _document("jupyter-faas", ABOUT, described, components, server, TAGS)


def document_of(each: Described, selector: str, server: str) -> dict[str, Any]:
    """One function, or the version of it that ``selector`` names."""
    components = Components()
    components.schemas["Problem"] = PROBLEM
    paths: dict[str, Any] = {}
    add_function(paths, components, each.function, each.examples, selector)
    title = f"{each.function['name']}, version {each.function['version']}"
    tags = {"Functions": TAGS["Functions"]}
    return _document(title, each.function["doc"] or title, paths, components, server, tags)


def _document(
    title: str,
    about: str,
    paths: Mapping[str, Any],
    components: Components,
    server: str,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": about},
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "responses": CALL_RESPONSES,
            "headers": CALL_HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def _call_of_version() -> dict[str, Any]:
    """Any version of any function; what it takes, the document of that version says."""
    places = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
        {
            "name": "version",
            "in": "path",
            "required": True,
            "description": "A version's number, or an alias.",
            "schema": {"type": "string"},
        },
    ]
    responses = {
        "default": {"description": "What the version answers."},
        **{status: {"$ref": f"#/components/responses/Call{status}"} for status in refusals(CALL_ERRORS)},
    }
    return {
        "post": {
            "operationId": "call_version",
            "tags": ["Functions"],
            "summary": "Call a version of a function",
            "description": "What it takes and gives: `GET /api/v1/functions/{name}/openapi.json?version=`.",
            "security": [{}, {"token": []}],
            "parameters": places,
            "requestBody": {"content": {JSON: {"schema": {"type": "object"}}}},
            "responses": responses,
        }
    }
