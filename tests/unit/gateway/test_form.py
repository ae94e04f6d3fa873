"""Forms for react-jsonschema-form: in draft 7, which its validator reads, and with hints at widgets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import jsonschema_rs
import pandas as pd
import pydantic
import pytest
from PIL import Image

from jupyter_faas.gateway.openapi.form import form_of
from jupyter_faas.model.doctests import Example
from tests.api.described import price, summarize
from tests.support.published import description_of


def fields(
    table: pd.DataFrame,
    picture: Image.Image,
    content: bytes,
    kind: Literal["a", "b"],
    many: Literal[1, 2, 3, 4, 5],
    share: Annotated[float, pydantic.Field(ge=0, le=1)],
    text: Annotated[str, pydantic.Field(max_length=1000)],
    day: date,
    pair: tuple[int, str],
    max_items: int = 3,
    loud: bool = False,
) -> None:
    """Every kind of field.

    The rest is no part of the form.
    """


@pytest.fixture(scope="module")
def form() -> dict[str, Any]:
    return form_of(description_of(fields), ())


def test_the_schema_is_one_of_draft_7(form: dict[str, Any]) -> None:
    assert jsonschema_rs.meta.is_valid(form["schema"])
    assert "x-faas" not in str(form["schema"])
    assert form["schema"]["description"] == "Every kind of field."
    pair = form["schema"]["properties"]["pair"]
    assert [item["type"] for item in pair["items"]] == ["integer", "string"]
    arguments = {"share": 0.5, "pair": [1, "x"], "kind": "a", "many": 5, "text": "", "day": "2026-01-01"}
    checked = jsonschema_rs.Draft7Validator({**form["schema"], "required": []})
    assert checked.is_valid(arguments)
    assert not checked.is_valid({**arguments, "pair": ["x", 1]})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("kind", {"ui:widget": "radio"}),
        ("many", {}),
        ("share", {"ui:widget": "range"}),
        ("text", {"ui:widget": "textarea"}),
        ("day", {}),
        ("max_items", {"ui:widget": "updown"}),
        ("loud", {"ui:widget": "checkbox"}),
        ("content", {"ui:widget": "file", "x-faas-media": ["*/*"], "x-faas-json": False}),
        (
            "picture",
            {
                "ui:widget": "file",
                "x-faas-media": ["image/*"],
                "x-faas-json": False,
                "ui:options": {"accept": "image/*"},
            },
        ),
    ],
)
def test_hints(form: dict[str, Any], name: str, hint: dict[str, Any]) -> None:
    assert form["uiSchema"].get(name, {}) == hint


def test_a_table_is_a_file_or_json(form: dict[str, Any]) -> None:
    hint = form["uiSchema"]["table"]
    assert hint["x-faas-json"]
    assert hint["ui:options"]["accept"] == ".csv,.arrows,.arrow,.parquet"


def test_titles_and_order(form: dict[str, Any]) -> None:
    properties = form["schema"]["properties"]
    assert [properties[name]["title"] for name in ("max_items", "day")] == ["Max items", "Day"]
    assert form["uiSchema"]["ui:order"] == [*properties, "*"]


def test_examples_fill_the_form() -> None:
    examples = [Example({"values": [1], "q": 0.1}, 0), Example({"values": [2]}, 0)]
    form = form_of(description_of(summarize), examples)
    assert form["formData"] == form["example"] == {"values": [1], "q": 0.1}
    assert form["schema"]["properties"]["values"]["examples"] == [[1], [2]]
    assert form["uiSchema"]["values"]["ui:placeholder"] == "[1]"


def test_a_call_to_copy_where_there_is_no_example() -> None:
    form = form_of(description_of(summarize), ())
    assert form["formData"] == {}
    assert form["example"].keys() == {"values"}


def test_descriptions_and_classes() -> None:
    schema = form_of(description_of(price), ())["schema"]
    assert schema["properties"]["room"]["description"] == "which, and for how long"
    assert schema["$defs"]["Room"]["properties"]["nights"] == {"type": "integer"}
