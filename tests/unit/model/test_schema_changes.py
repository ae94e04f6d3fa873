"""What breaks callers is named as such, and what doesn't isn't."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_faas.model.changes import schema_changes
from jupyter_faas.model.changes.containment import Containment

NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}


def parameters(*required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


OLD: dict[str, Any] = parameters(
    "values", values={"type": "array", "items": NUMBER}, q={"type": "number", "default": 0.5}
)


def found(new: dict[str, Any], old: dict[str, Any] = OLD) -> tuple[list[str], list[str]]:
    """What breaks, and what doesn't."""
    changes = list(schema_changes(old, new))
    return [one.what for one in changes if one.breaking], [one.what for one in changes if not one.breaking]


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


@pytest.mark.parametrize(
    ("new", "breaking"),
    [
        (parameters("values", values=OLD["properties"]["values"]), "parameter q is gone"),
        (
            parameters("numbers", numbers=OLD["properties"]["values"], q=OLD["properties"]["q"]),
            "parameter values is called numbers now",
        ),
        ({**OLD, "required": ["values", "q"]}, "parameter q is required now"),
        (
            {**changed(w=INTEGER), "required": ["values", "w"]},
            "parameter w is new, and required",
        ),
        (changed(q={"type": "integer", "default": 0}), "parameter q no longer takes number"),
        (changed(q={**NUMBER, "default": 0.5, "maximum": 1}), "parameter q is bounded by maximum 1 now"),
        (changed(q={"enum": [0.5, 0.9], "default": 0.5}), "parameter q is bounded by one of [0.5, 0.9] now"),
        (changed(values={"type": "array", "items": INTEGER}), "parameter values[] no longer takes number"),
        (
            changed(values={"type": "array", "items": NUMBER, "minItems": 1}),
            "parameter values is bounded by minItems 1 now",
        ),
        (changed(values=TEXT), "parameter values no longer takes array"),
    ],
)
def test_what_breaks(new: dict[str, Any], breaking: str) -> None:
    assert breaking in found(new)[0]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (OLD, []),
        ({**OLD, "title": "Better"}, []),
        (changed(w={"type": "integer", "default": 1}), ["parameter w is new, and optional"]),
        (parameters(**OLD["properties"]), ["parameter values is optional now"]),
        (
            changed(q={"anyOf": [NUMBER, {"type": "null"}], "default": 0.5}),
            ["parameter q takes more than before"],
        ),
        (changed(q={**NUMBER, "default": 0.9}), ["parameter q has the default 0.9 instead of 0.5"]),
        (changed(values={"type": "array"}), ["parameter values takes more than before"]),
        ({**OLD, "additionalProperties": True}, ["other parameters are taken, too"]),
    ],
)
def test_what_does_not_break(new: dict[str, Any], said: list[str]) -> None:
    assert found(new) == ([], said)


CHOICE = {"enum": ["a", "b"]}


def test_enums_narrow_and_widen() -> None:
    wider = {"enum": ["a", "b", "c"]}
    assert found(changed(c=wider), changed(c=CHOICE)) == ([], ["parameter c takes more than before"])
    assert found(changed(c=CHOICE), changed(c=wider)) == (['parameter c no longer takes "c"'], [])
    assert found(changed(c=TEXT), changed(c=CHOICE)) == ([], ["parameter c takes more than before"])


def test_members_of_models() -> None:
    model = {"type": "object", "properties": {"x": NUMBER}, "required": ["x"], "additionalProperties": False}
    more = {**model, "properties": {"x": NUMBER, "y": NUMBER}}
    old = {**changed(p={"$ref": "#/$defs/P"}), "$defs": {"P": model}}
    assert found({**old, "$defs": {"P": more}}, old)[0] == []
    assert found({**old, "$defs": {"P": {**more, "required": ["x", "y"]}}}, old)[0] == [
        "parameter p needs its member y now"
    ]
    assert found(old, {**old, "$defs": {"P": more}})[0] == ["parameter p no longer takes the member y"]


def test_a_schema_within_itself_ends() -> None:
    tree: dict[str, Any] = {
        "type": "object",
        "properties": {"value": NUMBER, "children": {"items": {"$ref": "#/$defs/T"}}},
    }
    narrow = {**tree, "properties": {**tree["properties"], "value": INTEGER}}
    old = {**parameters(t={"$ref": "#/$defs/T"}), "$defs": {"T": tree}}
    assert found({**old, "$defs": {"T": narrow}}, old)[0] == ["parameter t.value no longer takes number"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(a, b=1)", "(a, c=2, b=1)", ["parameter b is number 3, where it was number 2"]),
        ("(a, b=1)", "(a, b=1, c=2)", []),
        ("(a, b=1)", "(a, *, b=1)", ["parameter b is to be given by name, where it was number 2"]),
        ("(a, b=1)", "(a, /, b=1)", ["parameter a can no longer be given by name in Python"]),
        ("(*, a, b=1)", "(b=1, a=1)", []),
        ("(a: 'list[int]' = ...)", "(a)", []),
        ("nonsense", "(a)", []),
    ],
)
def test_positions(old: str, new: str, said: list[str]) -> None:
    schema = parameters(a=NUMBER, b=NUMBER)
    other = {**schema, "properties": {**schema["properties"], "c": NUMBER}} if "c=" in new else schema
    changes = schema_changes(schema, other, old_signature=old, new_signature=new)
    assert [one.what for one in changes if one.breaking] == said


@pytest.mark.parametrize(
    ("old", "new", "breaking", "others"),
    [
        (NUMBER, {"anyOf": [NUMBER, {"type": "null"}]}, ["the result can be null now"], []),
        (NUMBER, TEXT, ["the result can be string now"], []),
        (NUMBER, None, ["the type of the result is no longer told"], []),
        (None, NUMBER, [], ["the type of the result is told now"]),
        (NUMBER, INTEGER, [], ["the result is told more narrowly, or has more members"]),
        (NUMBER, {**NUMBER, "title": "Mean"}, [], []),
        (
            {"type": "array", "x-faas-type": "pandas.DataFrame"},
            {"type": "array", "x-faas-type": "polars.DataFrame"},
            ["the result is no longer pandas.DataFrame"],
            [],
        ),
        (
            {"type": "array", "x-faas-media": ["text/csv", "text/html"]},
            {"type": "array", "x-faas-media": ["text/html", "text/csv"]},
            ["the result comes as text/html unless asked otherwise, not as text/csv"],
            [],
        ),
        (
            {"type": "array", "x-faas-media": ["text/csv", "text/html"]},
            {"type": "array", "x-faas-media": ["text/csv"]},
            ["the result can no longer be had as text/html"],
            [],
        ),
    ],
)
def test_results(old: Any, new: Any, breaking: list[str], others: list[str]) -> None:
    changes = list(schema_changes(OLD, OLD, old, new))
    assert [one.what for one in changes if one.breaking] == breaking
    assert [one.what for one in changes if not one.breaking] == others


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0, -2.5]), st.sampled_from("ab")
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
MIXED = ["enum", "anyOf", "types", "any", "ref"]
BOUNDS = {
    "integer": ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"],
    "number": ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"],
    "string": ["minLength", "maxLength"],
    "array": ["minItems", "maxItems"],
}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> Any:
    """Schemas as annotations give, and stranger ones."""
    if draw(st.integers(0, 20)) == 0:
        return draw(st.booleans())
    kind = draw(st.sampled_from([*TYPES, *MIXED] if depth else TYPES[:5]))
    inner = schemas(depth=depth - 1)
    if kind in MIXED:
        return draw(mixed(kind, inner))
    schema: dict[str, Any] = {"type": kind}
    for bound in draw(st.sets(st.sampled_from(BOUNDS[kind]))) if kind in BOUNDS else ():
        schema[bound] = draw(st.integers(0 if kind in ("string", "array") else -2, 2))
    if kind == "array":
        schema |= draw(
            st.fixed_dictionaries(
                {}, optional={"items": inner, "prefixItems": st.lists(inner, min_size=1, max_size=2)}
            )
        )
    if kind == "object":
        schema["properties"] = draw(st.dictionaries(st.sampled_from("xyz"), inner, max_size=2))
        schema["required"] = draw(st.lists(st.sampled_from("xyz"), max_size=2, unique=True))
        schema |= draw(st.fixed_dictionaries({}, optional={"additionalProperties": inner}))
    return schema


def mixed(kind: str, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of values of more than one type, perhaps."""
    if kind == "enum":
        return st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=3)})
    if kind == "anyOf":
        return st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
    if kind == "types":
        return st.fixed_dictionaries({"type": st.lists(st.sampled_from(TYPES), min_size=1, unique=True)})
    if kind == "ref":
        return st.sampled_from([{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}])
    return st.sampled_from([{}, {"minimum": 1}, {"maxLength": 0}, {"title": "Any"}])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """An object's schema, as that of parameters, with definitions."""
    names = draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True))
    schema = {
        "type": "object",
        "properties": {name: draw(schemas()) for name in names},
        "required": draw(st.lists(st.sampled_from(names), max_size=2, unique=True)),
        "$defs": {name: draw(schemas()) for name in "AB"},
    }
    if draw(st.integers(0, 3)):
        schema["additionalProperties"] = draw(st.sampled_from([False, False, True, NUMBER]))
    return schema


def acyclic(document: dict[str, Any]) -> bool:
    """Whether definitions don't consist of each other alone, which no validator bears."""
    text = str(document["$defs"])
    return "$ref" not in text


@settings(max_examples=200, deadline=None)
@given(
    documents(),
    documents(),
    st.lists(st.dictionaries(st.sampled_from("xyz"), VALUES), min_size=5, max_size=20),
)
def test_calls_that_fail_after_a_change_were_warned_of(
    old: dict[str, Any], new: dict[str, Any], calls: list[dict[str, Any]]
) -> None:
    if not (acyclic(old) and acyclic(new)):
        return
    if any(one.breaking for one in schema_changes(old, new)):
        return
    before, after = (jsonschema_rs.Draft202012Validator(schema) for schema in (old, new))
    for call in calls:
        assert not before.is_valid(call) or after.is_valid(call), call


@settings(max_examples=150, deadline=None)
@given(schemas(), schemas(), st.lists(VALUES, min_size=10, max_size=30))
def test_containment_is_sound(one: Any, other: Any, values: list[Any]) -> None:
    definitions = {"$defs": {"A": INTEGER, "B": {"anyOf": [TEXT, {"type": "null"}]}}}
    if Containment(definitions, definitions).reasons(one, other):
        return
    first, second = (
        jsonschema_rs.Draft202012Validator({"allOf": [schema], **definitions}) for schema in (one, other)
    )
    for value in values:
        assert not first.is_valid(value) or second.is_valid(value), value


@settings(max_examples=150, deadline=None)
@given(documents())
def test_nothing_is_different_from_itself(document: dict[str, Any]) -> None:
    assert list(schema_changes(document, document)) == []


@settings(max_examples=100, deadline=None)
@given(documents(), schemas())
def test_an_optional_parameter_more_breaks_nobody(document: dict[str, Any], schema: Any) -> None:
    old = {**document, "additionalProperties": False}
    new = {**old, "properties": {**old["properties"], "w": schema}}
    assert [one.what for one in schema_changes(old, new)] == ["parameter w is new, and optional"]
