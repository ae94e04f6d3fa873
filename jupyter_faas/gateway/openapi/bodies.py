"""How the arguments of a call can be sent: as JSON, in a query, as a form, or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_faas.gateway.openapi.schemas import resolved
from jupyter_faas.model.media import JSON

__all__ = ["beside", "query_parameters", "request_content", "whole_file"]

MEDIA: Final = "x-faas-media"
BESIDE: Final = "x-faas-query"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
OCTETS: Final = "application/octet-stream"
_PLAIN: Final = frozenset({"string", "number", "integer", "boolean", "null"})

Schema = Mapping[str, Any]


def request_content(reference: Schema, schema: Schema, definitions: Schema) -> dict[str, Any]:
    """The bodies of a ``POST``, by media type; ``schema`` is what ``reference`` leads to."""
    content: dict[str, Any] = {JSON: {"schema": reference}}
    files = _files(schema)
    texts = _texts(schema, definitions)
    parts = texts | _objects(schema, definitions)
    required = set(schema.get("required", ()))
    if required <= parts.keys() | files.keys() and (parts or files):
        content[MULTIPART] = _multipart(schema, parts, files, required)
    if required <= texts.keys() and texts:
        content[FORM] = {"schema": _object(texts, required, schema)}
    whole = whole_file(schema, definitions)
    if whole is not None:
        for kind in files[whole]:
            content[OCTETS if kind == "*/*" else kind] = {"schema": _file(kind)}
    return content


def query_parameters(schema: Schema, definitions: Schema, names: set[str] | None = None) -> list[Any] | None:
    """The parameters of a ``GET``, or those of them that ``names`` has; ``None`` if it can't give all that
    the function needs."""
    texts, objects = _texts(schema, definitions), _objects(schema, definitions)
    required = set(schema.get("required", ()))
    if names is None and not required <= texts.keys() | objects.keys():
        return None
    return [
        _parameter(name, each, name in required and names is None, as_json=name in objects)
        for name, each in (texts | objects).items()
        if names is None or name in names
    ]


def beside(schema: Schema, definitions: Schema) -> set[str]:
    """The parameters that a query may give beside a body: those marked for it, and all beside a file."""
    properties = _properties(schema)
    marked = {name for name, each in properties.items() if each.get(BESIDE) is True}
    whole = whole_file(schema, definitions)
    return marked if whole is None else properties.keys() - {whole}


def whole_file(schema: Schema, definitions: Schema) -> str | None:
    """The parameter that a body which is a file fills (``handlers/bodies.py`` chooses), if there is one and a
    query can give all others that the function needs."""
    files = list(_files(schema))
    required = set(schema.get("required", ()))
    names = files if len(files) == 1 else [name for name in files if name in required]
    if len(names) != 1 or not required - set(names) <= (
        _texts(schema, definitions).keys() | _objects(schema, definitions).keys()
    ):
        return None
    return names[0]


def _properties(schema: Schema) -> dict[str, dict[str, Any]]:
    found = schema.get("properties", {})
    return {name: each if isinstance(each, dict) else {} for name, each in found.items()}


def _files(schema: Schema) -> dict[str, list[str]]:
    properties = _properties(schema)
    return {name: each[MEDIA] for name, each in properties.items() if isinstance(each.get(MEDIA), list)}


def _texts(schema: Schema, definitions: Schema) -> dict[str, Any]:
    """The parameters that texts can give, as ``service/arguments.py`` reads them; an array has an item at
    least, for none is the same as not given."""
    found = {}
    for name, each in _properties(schema).items():
        types = _types(each, definitions)
        if types <= _PLAIN and types:
            found[name] = each
        elif types == {"array"} and "prefixItems" not in each:
            items = _types(each.get("items", {}), definitions)
            if items <= _PLAIN - {"null"} and items:
                found[name] = {**each, "minItems": max(1, each.get("minItems", 1))}
    return found


def _objects(schema: Schema, definitions: Schema) -> dict[str, Any]:
    """The parameters that a text can give as JSON."""
    return {
        name: each for name, each in _properties(schema).items() if _types(each, definitions) == {"object"}
    }


def _types(schema: Any, definitions: Schema) -> set[str]:
    """The JSON types that a schema says at its top; empty if it doesn't."""
    schema = resolved(schema, definitions)
    named = schema.get("type")
    if named is not None:
        return set(named) if isinstance(named, list) else {str(named)}
    if "enum" in schema or "const" in schema:
        return {_kind(value) for value in schema.get("enum", [schema.get("const")])}
    each = [_types(one, definitions) for one in schema.get("anyOf", ())]
    return set().union(*each) if each and all(each) else set()


def _kind(value: Any) -> str:
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "object")


def _parameter(name: str, schema: Schema, required: bool, as_json: bool) -> dict[str, Any]:
    form: dict[str, Any] = {"content": {JSON: {"schema": schema}}} if as_json else {"schema": schema}
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": required, **form}
    return {**parameter, "description": schema["description"]} if "description" in schema else parameter


def _multipart(schema: Schema, texts: Schema, files: Schema, required: set[str]) -> dict[str, Any]:
    parts = {name: each for name, each in texts.items() if name not in files}
    parts |= {name: _named_file(schema, name, kinds) for name, kinds in files.items()}
    encoding = {name: {"contentType": ", ".join(kinds)} for name, kinds in files.items() if kinds != ["*/*"]}
    content: dict[str, Any] = {"schema": _object(parts, required, schema)}
    return {**content, "encoding": encoding} if encoding else content


def _named_file(schema: Schema, name: str, kinds: list[str]) -> dict[str, Any]:
    about = schema["properties"][name].get("description")
    return {**_file(kinds[0]), **({"description": about} if about else {})}


def _file(kind: str) -> dict[str, Any]:
    # "format" is OpenAPI 3.0's word, which generators of clients still go by.
    return {"type": "string", "format": "binary", "contentMediaType": OCTETS if kind == "*/*" else kind}


def _object(properties: Schema, required: set[str], schema: Schema) -> dict[str, Any]:
    extra = schema.get("additionalProperties", True)
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": extra}
    named = [name for name in properties if name in required]
    return {**made, "required": named} if named else made
