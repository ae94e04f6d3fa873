"""Arguments: read from text, checked, passed on unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.service.arguments import MAX_FAULTS, check_arguments, values_of_text
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.model.errors import InvalidInput, MalformedRequest

NUMBERS = {"type": "object", "properties": {"values": {"type": "array", "items": {"type": "number"}}}}


def test_a_good_body_is_passed_on_as_it_came() -> None:
    body = b' {"values" : [1,\n 2.50] } '
    assert check_arguments(body, Published.compile(NUMBERS)) is body
    assert check_arguments(b"", Published.compile(NUMBERS)) == b"{}"


def test_the_number_of_reported_faults_is_bounded() -> None:
    body = json.dumps({"values": ["x"] * 1000}).encode()
    with pytest.raises(InvalidInput) as failure:
        check_arguments(body, Published.compile(NUMBERS))
    assert len(failure.value.figures["faults"]) == MAX_FAULTS
    assert len(json.dumps(failure.value.problem())) < 50_000


@given(st.binary(max_size=100))
def test_whatever_comes_is_accepted_or_refused(body: bytes) -> None:
    try:
        assert isinstance(json.loads(check_arguments(body, Published.compile({})) or b"{}"), dict)
    except MalformedRequest as error:
        assert error.detail  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    ("schema", "texts", "value"),
    [
        ({"type": "integer"}, ["3"], 3),
        ({"type": "integer"}, ["3.5"], "3.5"),
        ({"type": "integer"}, ["x"], "x"),
        ({"type": "number"}, ["3"], 3),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, ["yes"], "yes"),
        ({"type": "string"}, ["3"], "3"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["null"], None),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ["7"], 7),
        ({"type": "array", "items": {"type": "string"}}, ["1", "2"], ["1", "2"]),
        ({"type": "array", "items": {"type": "integer"}}, ["1"], [1]),
        ({"const": 5}, ["5"], 5),
        ({"type": ["integer", "null"]}, ["null"], None),
        ({}, ["5"], 5),
        ({}, ["five"], "five"),
        ({}, ["1", "a"], [1, "a"]),
    ],
)
def test_texts_are_read_by_the_schema(schema: dict[str, Any], texts: list[str], value: object) -> None:
    assert values_of_text({"x": texts}, {"properties": {"x": schema}}) == {"x": value}


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/x"}, {"minimum": "a"}])
def test_schemas_that_are_none(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Published.compile(schema)
