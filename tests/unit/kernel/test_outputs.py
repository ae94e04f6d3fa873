"""What is known of a result before there is one."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NewType

import matplotlib.axes
import matplotlib.figure
import numpy as np
import pandas as pd
import PIL.Image
import plotly.graph_objects as go
import polars
import pyarrow
import pytest

from jupyter_faas import Response
from jupyter_faas.kernel.outputs import FORMS
from jupyter_faas.kernel.signature import schemas_of
from runtime import forms

Frame = NewType("Frame", pd.DataFrame)


@dataclass
class Point:
    x: int
    when: datetime.datetime


def giving(annotation: Any) -> Callable[..., Any]:
    def f() -> Any: ...

    f.__annotations__ = {"return": annotation}
    return f


def output(annotation: Any) -> Any:
    return schemas_of(giving(annotation), "f").output


def test_kernel_and_runtime_know_the_same_forms() -> None:
    written = {name: list(each) for name, each in forms._BY_NAME.items() if name != "numpy.MaskedArray"}
    assert written == FORMS


@pytest.mark.parametrize(
    ("annotation", "media"),
    [
        (pd.DataFrame, FORMS["pandas.DataFrame"]),
        (Frame, FORMS["pandas.DataFrame"]),
        (pd.Series, FORMS["pandas.Series"]),
        (pyarrow.Table, FORMS["pyarrow.Table"]),
        (polars.DataFrame, FORMS["polars.DataFrame"]),
        (polars.Series, FORMS["polars.Series"]),
        (np.ndarray, FORMS["numpy.ndarray"]),
        (np.typing.NDArray[np.float64], FORMS["numpy.ndarray"]),
        (matplotlib.figure.Figure, ["image/png", "image/svg+xml"]),
        (matplotlib.axes.Axes, ["image/png", "image/svg+xml"]),
        (go.Figure, FORMS["plotly.BaseFigure"]),
        (PIL.Image.Image, FORMS["PIL.Image"]),
        (str, ["application/json", "text/plain"]),
        (bytes, ["application/octet-stream", "application/json"]),
        (dict[str, pd.DataFrame], ["application/json"]),
        (Annotated[int, "how many"], ["application/json"]),
        (int | bytes, ["application/json", "application/octet-stream"]),
        (Iterator[int], ["application/x-ndjson", "text/event-stream", "application/json"]),
        (AsyncIterator[int], ["application/x-ndjson", "text/event-stream", "application/json"]),
    ],
    ids=str,
)
def test_forms_by_annotation(annotation: Any, media: list[str]) -> None:
    assert output(annotation)["x-faas-media"] == media


@pytest.mark.parametrize(
    "annotation",
    [None, Any, object, int | None, pd.DataFrame | None, Response, Point, Iterable[int]],
    ids=str,
)
def test_forms_that_the_annotation_leaves_open(annotation: Any) -> None:
    assert "x-faas-media" not in (output(annotation) or {})


def test_types_that_json_does_not_tell() -> None:
    assert output(pd.DataFrame)["x-faas-type"] == "pandas.DataFrame"
    assert output(tuple[int, ...])["x-faas-type"] == "builtins.tuple"
    assert output(list[datetime.date])["items"]["x-faas-type"] == "datetime.date"
    assert output(Point)["$defs"]["Point"]["properties"]["when"]["x-faas-type"] == "datetime.datetime"
    assert output(Generator[Point, None, None])["items"] == {"$ref": "#/$defs/Point"}
    assert output(type[int]) is None


def test_generators_without_an_annotation_are_streams() -> None:
    def f():  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield 1

    async def g():  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield 1

    for function in (f, g):
        assert schemas_of(function, "f").output["x-faas-media"][0] == "application/x-ndjson"  # type: ignore[index]
