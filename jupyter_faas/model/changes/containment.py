"""Whether all that one JSON Schema (2020-12) accepts, another accepts, too; where not, why.

Sound, not complete: what can't be told counts as a difference. The subset is that of the schemas which
functions have: those of annotations and of pydantic's models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["Containment", "Reason"]

Kind = Literal["type", "value", "limit", "needs", "member", "real", "unknown"]

TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")
REAL: Final = "x-faas-type"
MAX_STEPS: Final = 20_000
_ANNOTATIONS: Final = frozenset(
    {
        *(
            "title",
            "description",
            "default",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "discriminator",
        ),
        *("$comment", "$schema", "$id", "$defs", "x-faas-media", "x-faas-query", "x-faas-widget"),
        *("contentEncoding", "contentMediaType"),
    }
)
_BOUNDS: Final[dict[str, tuple[str, int]]] = {
    # keyword → the types that it bounds, and whether less (-1) or more (1) is accepted with a larger value
    "minimum": ("number", -1),
    "exclusiveMinimum": ("number", -1),
    "maximum": ("number", 1),
    "exclusiveMaximum": ("number", 1),
    "minLength": ("string", -1),
    "maxLength": ("string", 1),
    "minItems": ("array", -1),
    "maxItems": ("array", 1),
    "minProperties": ("object", -1),
    "maxProperties": ("object", 1),
}
_SAME: Final = {"multipleOf": "number", "pattern": "string", "format": "string", "uniqueItems": "array"}
"""Keywords that are only known to accept as much if they are the same."""
_KNOWN: Final = frozenset(
    {
        *("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", REAL),
        *("items", "prefixItems", "properties", "required", "additionalProperties"),
        *_BOUNDS,
        *_SAME,
    }
)

Schema = Mapping[str, Any] | bool


@dataclass(frozen=True)
class Reason:
    """A place, ``values[]`` for instance (empty: the whole), and what of it only the first schema accepts."""

    place: str
    kind: Kind
    what: str


class Containment:
    """Compares what ``first`` accepts with what ``second`` does.

    For what comes out of a function, ``results``: there a new member of an object does no harm, and another
    Python type does.
    """

    def __init__(self, first: Mapping[str, Any], second: Mapping[str, Any], results: bool = False) -> None:
        self._first, self._second = first, second
        self._results = results
        self._same_definitions = first.get("$defs") == second.get("$defs")
        self._open: set[tuple[str, str]] = set()
        self._steps = 0

    def reasons(self, first: Schema, second: Schema, place: str = "") -> list[Reason]:
        """Why not all that ``first`` accepts is accepted by ``second``; nothing if it is."""
        self._steps += 1
        text = json.dumps(first, sort_keys=True)
        if text == json.dumps(second, sort_keys=True) and (self._same_definitions or '"$ref"' not in text):
            return []
        mine, other = _resolved(first, self._first), _resolved(second, self._second)
        if mine is None or other is None or self._steps > MAX_STEPS:
            return [Reason(place, "unknown", "$ref" if self._steps <= MAX_STEPS else "structure")]
        key = (json.dumps(mine, sort_keys=True), json.dumps(other, sort_keys=True))
        if key in self._open:  # within itself: it is as the rest of it is
            return []
        self._open.add(key)
        try:
            return list(self._compared(mine, other, place))
        finally:
            self._open.discard(key)

    def _compared(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        if first.get("not") == {}:
            return
        alternatives = _alternatives(first)
        if len(alternatives) > 1 or alternatives[0] is not first:
            found = [reason for one in alternatives for reason in self.reasons(one, second, place)]
            yield from dict.fromkeys(found)
            return
        for part in second.get("allOf", ()):
            yield from self.reasons(first, part, place)
        yield from self._chosen(first, second, place)
        if "enum" in first or "const" in first:
            for value in first.get("enum", [first.get("const")]):
                if not self._fits(value, second):
                    yield Reason(place, "value", json.dumps(value, ensure_ascii=False))
            yield from self._real(first, second, place)
        else:
            yield from self._typed(first, second, place)

    def _chosen(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        """``anyOf`` of the second: one of them has to accept all. Of ``oneOf``, if a tag tells them apart."""
        told_apart = "discriminator" in second
        choices = second.get("anyOf") or (second.get("oneOf") if told_apart else None)
        if "oneOf" in second and not told_apart:
            yield Reason(place, "unknown", "oneOf")
        if not choices or "enum" in first or "const" in first:
            return  # values are looked at one by one
        found = [self.reasons(first, choice, place) for choice in choices]
        if all(found):
            inner = [
                reason for reason in min(found, key=len) if (reason.kind, reason.place) != ("type", place)
            ]
            yield from inner or [Reason(place, "type", _words(_types(first), _types(first)))]

    def _typed(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        types, others = _types(first), _types(second)
        missing = {
            name for name in types if name not in others and not (name == "integer" and "number" in others)
        }
        if missing:
            yield Reason(place, "type", _words(missing, types))
            return
        if "enum" in second or "const" in second:
            values = json.dumps(second.get("enum", [second.get("const")]), ensure_ascii=False)
            yield Reason(place, "limit", f"one of {values}")
        unknown = {name for name in second if name not in _KNOWN and name not in _ANNOTATIONS}
        for name in sorted(unknown | (first.keys() & {"patternProperties"})):
            yield Reason(place, "unknown", name)
        yield from self._real(first, second, place)
        yield from _bounds(first, second, types, place)
        if "array" in types:
            yield from self._items(first, second, place)
        if "object" in types:
            yield from self._members(first, second, place)

    def _real(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        one, other = first.get(REAL), second.get(REAL)
        if one != other and (other is not None or self._results):
            yield Reason(place, "real", str(other or "plain JSON"))

    def _items(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        most = _most_items(first)
        mine, other = first.get("prefixItems", ()), second.get("prefixItems", ())
        for index in range(max(len(mine), len(other))):
            if most is None or index < most:
                pair = (_at(first, mine, index), _at(second, other, index))
                yield from self.reasons(*pair, f"{place}[{index}]")
        if most is None or most > max(len(mine), len(other)):
            yield from self.reasons(first.get("items", True), second.get("items", True), f"{place}[]")

    def _members(self, first: Mapping[str, Any], second: Mapping[str, Any], place: str) -> Iterator[Reason]:
        mine, other = first.get("properties", {}), second.get("properties", {})
        rest, others = first.get("additionalProperties", True), second.get("additionalProperties", True)
        if self._results and others is False:
            others = True
        for name in second.get("required", ()):
            if name not in first.get("required", ()):
                yield Reason(place, "needs", name)
        for name in {**mine, **other}:
            inner = f"{place}.{name}" if place else name
            if name not in other and others is False:
                yield Reason(place, "member", name)
            elif name in mine or rest is not False:
                yield from self.reasons(mine.get(name, rest), other.get(name, others), inner)
        if rest is not False:
            if others is False:
                yield Reason(place, "member", "any other")
            else:
                yield from self.reasons(rest, others, f"{place}.*" if place else "*")

    def _fits(self, value: Any, schema: Schema) -> bool:
        """Whether one value is accepted; no, where that can't be told."""
        resolved = _resolved(schema, self._second)
        if resolved is None or "not" in resolved:
            return False
        if {name for name in resolved if name not in _KNOWN and name not in _ANNOTATIONS}:
            return False
        if any(not self._fits(value, part) for part in resolved.get("allOf", ())):
            return False
        choices = resolved.get("anyOf", ()) or resolved.get("oneOf", ())
        fitting = sum(self._fits(value, choice) for choice in choices)
        if choices and (fitting == 0 or ("oneOf" in resolved and fitting > 1)):
            return False
        accepted = resolved.get("enum", [resolved["const"]] if "const" in resolved else None)
        if accepted is not None and not any(_same(value, one) for one in accepted):
            return False
        types = _types(resolved)
        kinds = _kinds(value)
        told = {*_BOUNDS, *_SAME, *(() if accepted is not None else (REAL,))}
        narrowing = told & resolved.keys()
        structured = isinstance(value, list | dict) and not isinstance(schema, bool)
        plain = not narrowing and not (structured and _constrains(resolved))
        return bool(kinds & types) and (plain or self._bounded(value, resolved))

    def _bounded(self, value: Any, schema: Mapping[str, Any]) -> bool:
        """Numbers and texts within bounds; anything else can't be told here."""
        if isinstance(value, bool) or value is None:
            return True
        if isinstance(value, int | float):
            return "multipleOf" not in schema and _within(value, schema, "imum")
        if isinstance(value, str):
            told = not any(name in schema for name in ("pattern", "format", REAL))
            return told and _within(len(value), schema, "Length")
        return False


def _within(value: float, schema: Mapping[str, Any], suffix: str) -> bool:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if suffix == "imum" and (
        (above is not None and value <= above) or (below is not None and value >= below)
    ):
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def _constrains(schema: Mapping[str, Any]) -> bool:
    names = ("items", "prefixItems", "properties", "required", "additionalProperties")
    return any(schema.get(name) not in (None, {}, [], True) for name in names)


def _kinds(value: Any) -> set[str]:
    """The types that a JSON value has."""
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    if isinstance(value, float):
        return {"number", "integer"} if value.is_integer() else {"number"}
    return {"string"} if isinstance(value, str) else {"array"} if isinstance(value, list) else {"object"}


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: ``true`` is not ``1``."""
    return bool(_kinds(one) & _kinds(other)) and one == other and json.dumps(one) == json.dumps(other)


def _resolved(schema: Schema, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """``schema`` without a reference at its top; ``None`` if that can't be followed."""
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    seen = 0
    while "$ref" in schema:
        reference = schema["$ref"]
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        target = root.get("$defs", {}).get(str(reference).removeprefix("#/$defs/"))
        seen += 1
        if not isinstance(target, Mapping) or seen > 50 or _clash(target, rest):
            return None
        schema = {**target, **rest}
    return schema


def _clash(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(name in one and name not in _ANNOTATIONS for name in other)


def _alternatives(schema: Mapping[str, Any]) -> list[Any]:
    """Schemas that together accept all that ``schema`` does; itself, if it is one of a kind."""
    for name in ("anyOf", "oneOf"):
        if name in schema:
            rest = {key: value for key, value in schema.items() if key != name}
            return [
                {**rest, **one} if isinstance(one, Mapping) and not _clash(rest, one) else one
                for one in schema[name]
            ]
    if "allOf" in schema:
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            if isinstance(part, Mapping) and not _clash(merged, part):
                merged = {**merged, **part}
        return _alternatives(merged)
    types = schema.get("type")
    if isinstance(types, list) and len(types) > 1:
        return [{**schema, "type": name} for name in types]
    return [schema]


def _types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type")
    if types is None:
        return set(TYPES)
    return {types} if isinstance(types, str) else set(types)


def _words(missing: set[str], types: set[str]) -> str:
    if len(types) == len(TYPES) and "number" in missing:
        missing = missing - {"integer"}
    return ", ".join(sorted(missing))


def _bounds(
    first: Mapping[str, Any], second: Mapping[str, Any], types: set[str], place: str
) -> Iterator[Reason]:
    for name, (kind, direction) in _BOUNDS.items():
        bound = second.get(name)
        if bound is None or not _bears(kind, types):
            continue
        mine = _implied(first, name)
        if mine is None or (mine - bound) * direction > 0:
            yield Reason(place, "limit", f"{name} {bound:g}")
    for name, kind in _SAME.items():
        if second.get(name) not in (None, False, first.get(name)) and _bears(kind, types):
            yield Reason(place, "limit", f"{name} {second[name]}")


def _bears(kind: str, types: set[str]) -> bool:
    return kind in types or (kind == "number" and "integer" in types)


def _implied(schema: Mapping[str, Any], name: str) -> Any:
    """The bound that ``schema`` keeps; an exclusive one keeps the inclusive one of the same value."""
    if name == "maxItems":
        return _most_items(schema)
    if name in ("minimum", "maximum"):
        exclusive = schema.get(f"exclusive{name.capitalize()}")
        found = [value for value in (schema.get(name), exclusive) if value is not None]
        return None if not found else max(found) if name == "minimum" else min(found)
    return schema.get(name, 0 if name.startswith("min") else None)


def _most_items(schema: Mapping[str, Any]) -> int | None:
    most: int | None = schema.get("maxItems")
    if schema.get("items") is False:
        count = len(schema.get("prefixItems", ()))
        most = count if most is None else min(most, count)
    return most


def _at(schema: Mapping[str, Any], prefix: Any, index: int) -> Schema:
    found: Schema = prefix[index] if index < len(prefix) else schema.get("items", True)
    return found
