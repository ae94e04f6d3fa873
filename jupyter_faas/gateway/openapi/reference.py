"""The OpenAPI document as a page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["reference_page"]

HEAD: Final = """\
# HTTP API

Made from the OpenAPI document by `make reference`. The gateway serves that at `/openapi.json` with the
published functions in it, of one function at `/api/v1/functions/NAME/openapi.json`, and a page to read and
try it at `/docs`; [Calling](calling.md) tells how functions are called.

Every route wants `Authorization: Bearer TOKEN` unless it says otherwise; JSON in and out. Errors are problems
with a `code`: [Errors](errors.md) has them all.
"""

Json = Mapping[str, Any]


def reference_page(document: Json) -> str:
    """All operations by their tags, then the schemas that they name."""
    return "\n".join(line.rstrip() for line in _lines(document)) + "\n"


def _lines(document: Json) -> Iterator[str]:
    yield HEAD.rstrip()
    operations = [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    for tag in document["tags"]:
        yield from ("", f"## {tag['name']}", "", tag["description"])
        for path, method, operation in operations:
            if tag["name"] in operation["tags"]:
                yield from _operation(path, method, operation)
    yield from ("", "## Schemas")
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)


def _operation(path: str, method: str, operation: Json) -> Iterator[str]:
    yield from ("", f"### `{method.upper()} {path}`", "")
    about = f"{operation['summary'].rstrip('.')}. {operation.get('description', '')}".strip()
    yield about + (" No token." if operation.get("security") == [{}] else "")
    parameters = operation.get("parameters", ())
    if parameters:
        yield from ("", "| parameter | in | type | meaning |", "| --- | --- | --- | --- |")
        for each in parameters:
            kind = _cell(_type(each["schema"]))
            yield f"| `{each['name']}` | {each['in']} | {kind} | {_cell(each.get('description', ''))} |"
    if body := operation.get("requestBody"):
        yield from ("", f"Body: {_content(body['content'])}.")
    yield ""
    refused = []
    for status, answer in operation["responses"].items():
        codes = _codes(answer)
        if codes:
            refused.append(f"{status} ({codes})")
        elif "$ref" not in answer:
            content = f": {_content(answer['content'])}" if answer.get("content") else ""
            yield f"- {status}{content}. {answer['description']}"
            for name, header in answer.get("headers", {}).items():
                yield f"  - `{name}`: {header.get('description', '')}"
    yield f"- {', '.join(refused)}" if refused else "- The errors of a call."


def _codes(answer: Json) -> str:
    shown = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
    return ", ".join(f"`{code}`" for code in shown)


def _content(content: Json) -> str:
    return " or ".join(f"`{kind}` {_type(each.get('schema', {}))}".rstrip() for kind, each in content.items())


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield from ("", f"### {name}", "")
    if about := schema.get("description"):
        yield from (about, "")
    required = schema.get("required", ())
    yield from ("| member | type | meaning |", "| --- | --- | --- |")
    for member, each in schema.get("properties", {}).items():
        told = [each.get("description", ""), _range(each)]
        if "default" in each:
            told.append(f"default `{json.dumps(each['default'])}`")
        elif member not in required:
            told.append("may be missing")
        meaning = "; ".join(part.rstrip(".") for part in told if part)
        yield f"| `{member}` | {_cell(_type(each))} | {_cell(meaning)} |"


def _range(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low else ""


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_type(schema.get('items', {})) or 'anything'}"
    if kind == "object" and schema.get("properties"):
        members = ", ".join(f"`{name}`: {_type(each)}" for name, each in schema["properties"].items())
        return f"{{{members}}}"
    known = {"date-time": "time (RFC 3339)", "binary": "bytes"}
    return known.get(schema.get("format", ""), str(kind))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
