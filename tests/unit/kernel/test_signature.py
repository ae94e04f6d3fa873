"""Signatures as JSON Schema."""

from __future__ import annotations

import dataclasses
import datetime
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    BinaryIO,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    Self,
    TypedDict,
    Union,
    Unpack,
    no_type_check,
)

import annotated_types
import numpy as np
import pandas as pd
import PIL.Image
import polars
import pyarrow
import pydantic
import pytest
from numpy.typing import NDArray

from jupyter_faas.kernel.signature import parameter_descriptions, schemas_of
from jupyter_faas.model.errors import CaptureError
from tests.unit.kernel.notebook import Notebook

UserId = NewType("UserId", int)


@dataclasses.dataclass
class Point:
    x: int


class Model(pydantic.BaseModel):
    x: int
    inner: Point


@dataclasses.dataclass
class Tree:
    name: str
    children: list[Tree] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Broken:
    x: NotThere  # type: ignore[name-defined]  # noqa: F821


class Named(NamedTuple):
    x: int
    y: float = 0.0


class Fields(TypedDict):
    x: int
    y: NotRequired[str]


class Color(Enum):
    RED = "red"
    TWO = 2


@dataclasses.dataclass
class Linked:
    following: Self | None = None


class Plain:
    pass


class Odd(Enum):
    PAIR = (1, 2)


def annotated(annotation: Any) -> Callable[..., Any]:
    def f(x: Any) -> None: ...

    f.__annotations__ = {"x": annotation}
    return f


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (bool, {"type": "boolean"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (str, {"type": "string"}),
        (None, {"type": "null"}),
        (Any, {}),
        (object, {}),
        (list, {"type": "array", "items": {}}),
        (list[float], {"type": "array", "items": {"type": "number"}}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (dict, {"type": "object", "additionalProperties": True}),
        (
            dict[str, list[int]],
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        ),
        (Mapping[str, Any], {"type": "object", "additionalProperties": True}),
        (
            Optional[int],  # noqa: UP045
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        ),
        (
            Union[int, str],  # noqa: UP007
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (Annotated[int, pydantic.Field(ge=1)], {"type": "integer", "minimum": 1}),
        (
            Annotated[int, annotated_types.Interval(ge=0, lt=9), "How many"],
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 9, "description": "How many"},
        ),
        (
            Annotated[str, pydantic.Field(description="A word", pattern="^[a-z]+$")],
            {"type": "string", "pattern": "^[a-z]+$", "description": "A word"},
        ),
        (UserId, {"type": "integer"}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
    ],
)
def test_accepted(annotation: Any, schema: dict[str, Any]) -> None:
    assert schemas_of(annotated(annotation), "f").input["properties"]["x"] == schema


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (BinaryIO, "write bytes, or pathlib.Path for a file"),
        (list[Callable[[int], int]], "write a Literal of names"),
        (int | type[int], "write a Literal of names"),
        (datetime.timezone, "write zoneinfo.ZoneInfo"),
        (Iterator[int] | AsyncIterator[int], "write list[…]"),
        (polars.LazyFrame, "write polars.DataFrame"),
        (pd.DatetimeIndex, "write list[datetime.datetime]"),
        (re.Pattern[bytes], "write re.Pattern[str]"),
        (Linked, "write the name of the class in quotes"),
        (SimpleNamespace, "write dict"),
        (ValueError, "write str"),
        (Plain, "a dataclass, a TypedDict and a pydantic model are some"),
        (Odd, "a member whose value JSON doesn't have"),
        (Broken, "the annotations of Broken can't be read"),
        (dict[tuple[int, int], str], "list[tuple[…, …]]"),
        (dict[bytes, str], "is no key of a JSON object"),
        (Literal[b"x"], "a value that JSON doesn't have"),
        ("NotThere", "isn't defined in this kernel"),
        (Callable[[], int], "nothing makes a"),
    ],
)
def test_refused(annotation: Any, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        schemas_of(annotated(annotation), "f")
    assert words in caught.value.detail
    assert caught.value.figures["names"][0]["name"] == "x"


def test_types_that_are_made_of_json() -> None:
    @no_type_check
    def f(
        when: datetime.datetime,
        color: Color = Color.RED,
        *points: Point,
        raw: bytes,
        both: tuple[int, str],
        many: set[int],
        note: Annotated[datetime.date, "The day"],
        limited: Annotated[list[int], pydantic.Field(max_length=3)],
    ) -> None:
        """Do it."""

    schema = schemas_of(f, "f").input
    properties = schema["properties"]
    assert properties["when"] == {
        "type": "string",
        "format": "date-time",
        "x-faas-type": "datetime.datetime",
    }
    assert properties["color"] == {"enum": ["red", 2]}
    assert properties["points"] == {"type": "array", "items": {"$ref": "#/$defs/Point"}, "default": []}
    assert properties["raw"]["contentEncoding"] == "base64"
    assert properties["both"] == {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "string"}],
        "minItems": 2,
        "maxItems": 2,
    }
    assert properties["many"] == {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    assert (properties["note"]["format"], properties["note"]["description"]) == ("date", "The day")
    assert properties["limited"]["maxItems"] == 3
    assert schema["required"] == ["when", "raw", "both", "many", "note", "limited"]


def test_classes_are_described_once() -> None:
    point = {
        "type": "object",
        "properties": {"x": {"type": "integer"}},
        "required": ["x"],
        "additionalProperties": False,
    }
    schema = schemas_of(annotated(tuple[Point, Point, Tree]), "f").input
    assert schema["$defs"]["Point"] == point
    assert schema["$defs"]["Tree"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    assert schema["$defs"]["Tree"]["required"] == ["name"]
    fields = schemas_of(annotated(Fields), "f").input["$defs"]["Fields"]
    assert (list(fields["properties"]), fields["required"]) == (["x", "y"], ["x"])
    named = schemas_of(annotated(Named), "f").input["$defs"]["Named"]["anyOf"]
    assert (named[0]["required"], named[1]["minItems"], named[1]["maxItems"]) == (["x"], 1, 2)
    model = schemas_of(annotated(Model), "f").input
    assert model["properties"]["x"]["required"] == ["x", "inner"]
    assert model["$defs"]["Point"]["required"] == ["x"]


@pytest.mark.parametrize(
    ("annotation", "media"),
    [
        (pd.DataFrame, "text/csv"),
        (pd.Series, "text/csv"),
        (pyarrow.Table, "application/vnd.apache.arrow.stream"),
        (polars.DataFrame, "application/vnd.apache.parquet"),
        (np.ndarray, "application/x-npy"),
        (NDArray[np.float64], "application/x-npy"),
        (PIL.Image.Image, "image/*"),
        (bytes, "*/*"),
        (Path, "*/*"),
        (pd.DataFrame | None, "text/csv"),
        (Annotated[bytes, "The file"], "*/*"),
    ],
)
def test_what_a_file_can_fill(annotation: Any, media: str) -> None:
    assert media in schemas_of(annotated(annotation), "f").input["properties"]["x"]["x-faas-media"]
    assert "x-faas-media" not in str(schemas_of(annotated(list[annotation]), "f").input)


def test_an_annotation_brings_its_package_along(notebook: Notebook) -> None:
    notebook.run("from PIL import Image\nimport pandas as pd")
    manifest = notebook.capture("def f(image: Image.Image, frame: 'pd.DataFrame'): return 1").bundle.manifest
    assert [each.partition("==")[0].lower() for each in manifest.requirements] == ["pandas", "pillow"]


def test_all_faults_at_once() -> None:
    def f(a: type, b: int, *c: type) -> None: ...

    with pytest.raises(CaptureError) as caught:
        schemas_of(f, "f")
    assert [one["name"] for one in caught.value.figures["names"]] == ["a", "c"]


def test_required_defaults_descriptions_and_extras() -> None:
    def f(a: int, /, b: float = 0.5, *, c: Any = object(), d, **rest: int) -> dict[str, float]:  # type: ignore[no-untyped-def]  # noqa: ANN001, B008
        """Do it.

        Args:
            a (int): the first,
                on two lines
            b: the second

        Returns:
            something: else
        """
        return {}

    schemas = schemas_of(f, "f")
    assert schemas.input == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "the first, on two lines"},
            "b": {"type": "number", "default": 0.5, "description": "the second"},
            "c": {},
            "d": {},
        },
        "required": ["a", "d"],
        "additionalProperties": {"type": "integer"},
    }
    assert schemas.output == {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "x-faas-media": ["application/json"],
    }
    assert schemas.text == "(a: int, /, b: float = 0.5, *, c: Any = ..., d, **rest: int) -> dict[str, float]"


def test_fields_docstring() -> None:
    doc = """Do.

    :param a: The first,
        on two lines.
    :param int b: The second.
    :type a: int
    :keyword c:
        Third.
    :returns: Nothing
        more.
    """
    expected = {"a": "The first, on two lines.", "b": "The second.", "c": "Third."}
    assert parameter_descriptions(inspect.cleandoc(doc)) == expected


def test_numpy_docstring() -> None:
    parameters = "Parameters\n----------\na, b : int\n    Both.\nc\n    Third\n    one.\n\n"
    doc = f"Do.\n\n{parameters}Returns\n-------\nd\n    No."
    assert parameter_descriptions(doc) == {"a": "Both.", "b": "Both.", "c": "Third one."}
    assert parameter_descriptions("No sections: here") == {}
    assert parameter_descriptions("Args:") == {}


def test_a_wrapped_signature_is_seen_through(notebook: Notebook) -> None:
    notebook.run(
        "import functools\ndef d(f):\n    @functools.wraps(f)\n"
        "    def g(*a, **k): return f(*a, **k)\n    return g"
    )
    properties = notebook.capture("@d\ndef f(x: 'int'): return x").bundle.manifest.input_schema["properties"]
    assert properties == {"x": {"type": "integer"}}
    notebook.run("def bare(f):\n    def g(*a): return f(*a)\n    return g")
    properties = notebook.capture("@bare\ndef f(x: int): return x").bundle.manifest.input_schema["properties"]
    assert properties == {"a": {"type": "array", "items": {}, "default": []}}


def test_a_default_that_is_too_long_to_read_is_left_out(notebook: Notebook) -> None:
    notebook.run("known = list(range(10_000))")
    captured = notebook.capture("def pick(n: int = 3, known: list = known) -> int:\n    return known[n]")
    assert captured.bundle.manifest.signature == "(n: int = 3, known: list = ...) -> int"
    assert captured.receipt.signature == "pick(n: int = 3, known: list = ...) -> int"
    assert notebook.call(captured.bundle) == 3


class Options(TypedDict, total=False):
    day: Required[datetime.date]
    note: str


def test_keywords_of_a_typed_dict_are_parameters() -> None:
    def f(a: int, **options: Unpack[Options]) -> None:
        """Something.

        Args:
            a: first
            note: what to say
        """

    schemas = schemas_of(f, "f")
    assert list(schemas.input["properties"]) == ["a", "day", "note"]
    assert schemas.input["properties"]["note"] == {"type": "string", "description": "what to say"}
    assert schemas.input["properties"]["day"]["format"] == "date"
    assert (schemas.input["required"], schemas.input["additionalProperties"]) == (["a", "day"], False)
    assert schemas.text == "(a: int, *, day: datetime.date, note: str = ...) -> None"


def test_keywords_of_a_typed_dict_that_no_parameter_can_have() -> None:
    odd = TypedDict("odd", {"a b": int})

    def f(**options: Any) -> None: ...

    f.__annotations__ = {"options": Unpack[odd]}
    with pytest.raises(CaptureError, match="'a b' is not a valid parameter name"):
        schemas_of(f, "f")
