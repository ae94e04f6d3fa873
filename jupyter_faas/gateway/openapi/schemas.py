"""A function's JSON Schemas as components of a document: what they refer to in themselves moves along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["SCHEMAS", "Components", "resolved"]

SCHEMAS: Final = "#/components/schemas/"
_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9._-]")
_BASE64: Final = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
"""What the gateway takes for base64 (``service/realtypes.py``), for those who read patterns only."""
_DEFINITIONS: Final = "#/$defs/"

Schema = Mapping[str, Any]


class Components:
    """The schemas of a document, by their names."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def add(self, name: str, schema: Schema) -> dict[str, Any]:
        """Take in a schema with its ``$defs``; a reference to it."""
        root = self._free(name)
        self.schemas[root] = {}
        places = {each: self._free(f"{root}.{each}") for each in schema.get("$defs", {})}
        for each, definition in schema.get("$defs", {}).items():
            self.schemas[places[each]] = _moved(definition, root, places)
        own = {key: value for key, value in schema.items() if key not in ("$defs", "$schema", "$id")}
        self.schemas[root] = _moved(own, root, places)
        return {"$ref": SCHEMAS + root}

    def of(self, reference: Schema) -> dict[str, Any]:
        """The schema that ``add`` gave a reference to."""
        found: dict[str, Any] = self.schemas[str(reference["$ref"]).removeprefix(SCHEMAS)]
        return found

    def _free(self, name: str) -> str:
        """A name that is allowed (OpenAPI 3.1, Components Object) and not taken."""
        name = _FORBIDDEN.sub("_", name)
        while name in self.schemas:
            name += "_"
        self.schemas[name] = {}
        return name


def _moved(value: Any, root: str, places: Mapping[str, str]) -> Any:
    """A schema whose references lead to where their aims are now."""
    if isinstance(value, list):
        return [_moved(each, root, places) for each in value]
    if not isinstance(value, dict):
        return value
    moved: dict[str, Any] = {}
    for key, each in value.items():
        if key == "$ref" and isinstance(each, str):
            moved[key] = _place(each, root, places)
        elif key == "mapping" and isinstance(each, dict):  # of a discriminator
            moved[key] = {
                name: _place(aim, root, places) if isinstance(aim, str) else aim for name, aim in each.items()
            }
        elif key in ("const", "enum", "default", "examples"):
            moved[key] = each
        else:
            moved[key] = _moved(each, root, places)
    if moved.get("contentEncoding") == "base64" and moved.get("type") == "string":
        moved.setdefault("pattern", _BASE64)
    return moved


def _place(reference: str, root: str, places: Mapping[str, str]) -> str:
    if reference.startswith(_DEFINITIONS):
        name, slash, rest = reference.removeprefix(_DEFINITIONS).partition("/")
        return f"{SCHEMAS}{places.get(name, name)}{slash}{rest}"
    return f"{SCHEMAS}{root}{reference[1:]}" if reference.startswith("#") else reference


def resolved(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """What a schema is once its reference is followed; ``definitions`` by the last part of references."""
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema and depth < 8:
        aim = definitions.get(str(schema["$ref"]).rpartition("/")[2])
        return resolved(aim, definitions, depth + 1)
    return schema
