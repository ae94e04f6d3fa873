"""Signatures as JSON Schema."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional, Union

import numpy as np
import pandas as pd
import pydantic
import pytest

from jupyter_faas.kernel.signature import parameter_descriptions, schemas_of
from jupyter_faas.model.errors import CaptureError
from tests.unit.kernel.notebook import Notebook

UserId = NewType("UserId", int)


@dataclasses.dataclass
class Point:
    x: int


class Model(pydantic.BaseModel):
    x: int


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
        (UserId, {"type": "integer"}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
    ],
)
def test_accepted(annotation: Any, schema: dict[str, Any]) -> None:
    assert schemas_of(annotated(annotation), "f").input["properties"]["x"] == schema


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (tuple[int, int], "write list"),
        (set, "write list"),
        (frozenset[int], "write list"),
        (bytes, "base64"),
        (complex, "JSON has no complex"),
        (datetime.datetime, "datetime.fromisoformat"),
        (datetime.date, "date.fromisoformat"),
        (decimal.Decimal, "write str"),
        (Path, "write str"),
        (np.ndarray, "make the array inside"),
        (pd.DataFrame, "list[dict]"),
        (pd.Series, "make the Series"),
        (Point, "make the object inside"),
        (Model, "make the object inside"),
        (list[Point], "make the object inside"),
        (int | pd.DataFrame, "list[dict]"),
        (dict[int, str], "dict[str, …]"),
        (dict[str, set[int]], "write list"),
        (Literal[b"x"], "a value that JSON doesn't have"),
        ("NotThere", "isn't defined in this kernel"),
        (Callable[[], int], "JSON has no"),
    ],
)
def test_refused(annotation: Any, words: str) -> None:
    with pytest.raises(CaptureError) as caught:
        schemas_of(annotated(annotation), "f")
    assert words in caught.value.detail
    assert caught.value.figures["names"][0]["name"] == "x"


def test_all_faults_at_once() -> None:
    def f(a: set[int], b: int, *c: int) -> None: ...

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
    assert schemas.output == {"type": "object", "additionalProperties": {"type": "number"}}


def test_numpy_docstring() -> None:
    parameters = "Parameters\n----------\na, b : int\n    Both.\nc\n    Third\n    one.\n\n"
    doc = f"Do.\n\n{parameters}Returns\n-------\nd\n    No."
    assert parameter_descriptions(doc) == {"a": "Both.", "b": "Both.", "c": "Third one."}
    assert parameter_descriptions("No sections: here") == {}
    assert parameter_descriptions("Args:") == {}


def test_output_that_json_cannot_type_is_left_open() -> None:
    def f() -> pd.DataFrame:
        return pd.DataFrame()

    assert schemas_of(f, "f").output is None


def test_a_wrapped_signature_is_seen_through(notebook: Notebook) -> None:
    notebook.run(
        "import functools\ndef d(f):\n    @functools.wraps(f)\n"
        "    def g(*a, **k): return f(*a, **k)\n    return g"
    )
    properties = notebook.capture("@d\ndef f(x: 'int'): return x").bundle.manifest.input_schema["properties"]
    assert properties == {"x": {"type": "integer"}}
    notebook.run("def bad(f):\n    def g(*a): return f(*a)\n    return g")
    with pytest.raises(CaptureError, match=r"functools\.wraps"):
        notebook.capture("@bad\ndef f(x: int): return x")
