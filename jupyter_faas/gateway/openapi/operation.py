"""One operation of the management API, described beside its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_faas.gateway.openapi.errors import refusals
from jupyter_faas.model.errors import FaasError, InternalError, Unauthenticated
from jupyter_faas.model.media import JSON

__all__ = ["Answer", "Operation", "Parameter", "Paths", "array_of", "json_of", "object_of", "reference"]


@dataclass(frozen=True)
class Parameter:
    """What a path or a query takes."""

    name: str
    about: str
    schema: Mapping[str, Any]
    place: str = "query"

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        return {
            "name": self.name,
            "in": self.place,
            "required": self.place == "path",
            "description": self.about,
            "schema": self.schema,
        }


@dataclass(frozen=True)
class Answer:
    """What a request that succeeds is answered with: ``content`` has a schema for each media type."""

    about: str
    content: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        response: dict[str, Any] = {"description": self.about}
        if self.content:
            response["content"] = {kind: {"schema": schema} for kind, schema in self.content.items()}
        if self.headers:
            response["headers"] = {
                name: {"description": about, "schema": {"type": "string"}}
                for name, about in self.headers.items()
            }
        return response


@dataclass(frozen=True)
class Operation:
    """What a method of a path does. ``about`` may go on after its first sentence, the summary.

    ``errors`` are those beside the two that nearly every operation has.
    """

    name: str
    tag: str
    about: str
    answers: Mapping[int, Answer]
    errors: tuple[type[FaasError], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Mapping[str, Any]] | None = None
    open_to_all: bool = False
    public_too: bool = False
    """Whether it wants no token where it is about a public function."""

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        summary, _, rest = self.about.partition(". ")
        own: tuple[type[FaasError], ...] = () if self.open_to_all else (Unauthenticated,)
        answers = {str(status): answer.described() for status, answer in self.answers.items()}
        described: dict[str, Any] = {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": summary.rstrip("."),
        }
        if rest:
            described["description"] = rest
        if self.parameters:
            described["parameters"] = [parameter.described() for parameter in self.parameters]
        if self.body is not None:
            content = {kind: {"schema": schema} for kind, schema in self.body.items()}
            described["requestBody"] = {"required": True, "content": content}
        described["responses"] = {**answers, **_fresh(answers, (*self.errors, *own, InternalError))}
        if self.open_to_all:
            described["security"] = [{}]
        elif self.public_too:
            described["security"] = [{"token": []}, {}]
        return described


def _fresh(answers: Mapping[str, Any], kinds: tuple[type[FaasError], ...]) -> dict[str, Any]:
    return {status: each for status, each in refusals(kinds).items() if status not in answers}


Paths = Mapping[str, Mapping[str, Operation]]
"""By path (as OpenAPI writes it) and method."""


def reference(name: str) -> dict[str, str]:
    """A component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: Mapping[str, Any]) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": items}


def object_of(optional: tuple[str, ...] = (), /, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with these members, of which ``optional`` may be missing."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def json_of(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The content of an answer in JSON."""
    return {JSON: schema}
