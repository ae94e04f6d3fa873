"""A function's arguments as a form, for react-jsonschema-form: JupyterLab's ``FormComponent`` draws it.

Its validator reads JSON Schema of draft 7, so that what draft 2020-12 says in other words is put in the old
ones; members of our own are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jupyter_faas.gateway.openapi.schemas import resolved
from jupyter_faas.model.doctests import Example
from jupyter_faas.model.examples import example_arguments
from jupyter_faas.model.media import CSV

__all__ = ["form_of"]

MEDIA: Final = "x-faas-media"
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_LEFT_OUT: Final = ("$schema", "$id")
_FEW: Final = 4
"""Choices that are shown side by side."""
_LONG: Final = 200
"""Texts that may be longer are written into an area."""
_SUFFIXES: Final = {
    CSV: ".csv",
    "application/vnd.apache.arrow.stream": ".arrows",
    "application/vnd.apache.arrow.file": ".arrow",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-npy": ".npy",
}

Schema = Mapping[str, Any]


def form_of(function: Mapping[str, Any], examples: Sequence[Example]) -> dict[str, Any]:
    """``schema``, ``uiSchema``, ``formData`` (the first example's arguments, or none), and ``example``:
    arguments for a call to copy, made up where there is no example."""
    original = function["input_schema"]
    schema: dict[str, Any] = {"$schema": _DRAFT, "title": function["name"], **_older(original)}
    if doc := str(function["doc"]).strip():
        schema["description"] = doc.partition("\n\n")[0]
    definitions = original.get("$defs", {})
    hints: dict[str, Any] = {"ui:order": [*original.get("properties", {}), "*"]}
    for name, each in original.get("properties", {}).items():
        field = schema["properties"][name] = _field(name, each, schema["properties"][name], examples)
        if hint := _hint(each, resolved(each, definitions)):
            hints[name] = hint
        if "examples" in field and "default" not in field:
            hints.setdefault(name, {})["ui:placeholder"] = _shown(field["examples"][0])
    first = dict(examples[0].arguments) if examples else {}
    return {
        "schema": schema,
        "uiSchema": hints,
        "formData": first,
        "example": first or example_arguments(original),
    }


def _field(name: str, original: Any, older: Any, examples: Sequence[Example]) -> dict[str, Any]:
    field: dict[str, Any] = dict(older) if isinstance(older, dict) else {}
    field.setdefault("title", _title(name))
    shown = [each.arguments[name] for each in examples if name in each.arguments]
    if shown:
        field.setdefault("examples", [each for at, each in enumerate(shown) if each not in shown[:at]])
    if isinstance(original, dict) and original.get("contentEncoding") == "base64":
        field["format"] = "data-url"
    return field


def _title(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if len(words) > 1 else name


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else str(value)[:80]


def _hint(original: Any, schema: Schema) -> dict[str, Any]:
    """How the parameter is best given."""
    media = original.get(MEDIA) if isinstance(original, dict) else None
    if isinstance(media, list):
        return _file_hint(media, schema)
    if "enum" in schema:
        return {"ui:widget": "radio"} if len(schema["enum"]) <= _FEW else {}
    kind = schema.get("type")
    if kind in ("number", "integer") and {"minimum", "maximum"} <= schema.keys():
        return {"ui:widget": "range"}
    if kind in ("number", "integer"):
        return {"ui:widget": "updown"}
    if kind == "boolean":
        return {"ui:widget": "checkbox"}
    if kind == "string" and "format" not in schema and schema.get("maxLength", 0) > _LONG:
        return {"ui:widget": "textarea"}
    return {}


def _file_hint(media: list[str], schema: Schema) -> dict[str, Any]:
    """A file is chosen; JSON can be given instead where the schema says more than base64."""
    accept = ",".join(dict.fromkeys(_SUFFIXES.get(kind, kind) for kind in media))
    options = {} if accept == "*/*" else {"accept": accept}
    also_json = schema.get("contentEncoding") != "base64"
    hint: dict[str, Any] = {"ui:widget": "file", "x-faas-media": media, "x-faas-json": also_json}
    return {**hint, "ui:options": options} if options else hint


def _older(value: Any) -> Any:
    """A schema in draft 7's words."""
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {
        key: each if key in ("const", "enum", "default", "examples") else _older(each)
        for key, each in value.items()
        if key not in _LEFT_OUT and not key.startswith("x-faas-")
    }
    if isinstance(made.get("prefixItems"), list):
        rest = made.pop("items", None)
        made["items"] = made.pop("prefixItems")
        if rest is not None:
            made["additionalItems"] = rest
    return made
