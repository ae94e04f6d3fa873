"""Functions of every kind of data, published as they stand here: the handler of each is this module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from PIL import Image

from jupyter_faas import Response

FRAME: dict[str, list[Any]] = {"n": [1, 2, 3], "x": [0.5, None, 2.0], "s": ["a", "ü", ""]}
PIXELS = 8


class Shown:
    """What only shows itself."""

    def _repr_html_(self) -> str:
        return "<b>shown</b>"

    def _repr_svg_(self) -> str:
        return "<svg/>"


def table(table: pd.DataFrame, by: int = 1) -> pd.DataFrame:
    """The table, with a column more: its own types."""
    return table.assign(by=by, types=str([str(each) for each in table.dtypes]))


def arrow(table: pa.Table) -> dict[str, str]:
    """The names and types of its columns."""
    return {field.name: str(field.type) for field in table.schema}


def frame(table: pl.DataFrame) -> dict[str, str]:
    """The names and types of its columns."""
    return {name: str(kind) for name, kind in table.schema.items()}


def column(column: pd.Series) -> list[Any]:
    """Its name, its type and its values."""
    return [column.name, str(column.dtype), column.tolist()]


def array(array: np.ndarray, times: int = 1) -> np.ndarray:
    """Itself, so many times as large."""
    return array * times


def picture(picture: Image.Image, size: int = 4) -> Image.Image:
    """A smaller one."""
    return picture.resize((size, size))


def raw(data: bytes) -> bytes:
    """The same, backwards."""
    return data[::-1]


def file(file: Path, more: Path | None = None) -> list[Any]:
    """The names and sizes of uploads."""
    return [[each.name, each.stat().st_size] for each in (file, more) if each is not None]


def give(kind: str) -> Any:
    """A result of every kind."""
    kinds: dict[str, Callable[[], Any]] = {
        "frame": lambda: pd.DataFrame(FRAME),
        "series": lambda: pd.Series([1.5, None], name="x"),
        "arrow": lambda: pa.table(FRAME),
        "polars": lambda: pl.DataFrame(FRAME),
        "polars series": lambda: pl.Series("n", [1, 2]),
        "array": lambda: np.arange(6, dtype=np.int16).reshape(2, 3),
        "figure": _figure,
        "plotly": _plotly,
        "picture": lambda: Image.new("RGB", (PIXELS, PIXELS), (254, 0, 0)),
        "deep": lambda: Image.new("F", (PIXELS, PIXELS), 0.5),
        "text": lambda: "grüße",
        "bytes": lambda: b"\x00\xff",
        "dict": lambda: {"a": [1, None]},
        "none": lambda: None,
        "shown": Shown,
        "response": lambda: Response(pd.DataFrame(FRAME), 201, {"X-Rows": "3"}),
        "stream": lambda: (each for each in FRAME["s"]),
    }
    return kinds[kind]()


def _figure() -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1), dpi=50)
    figure.subplots().plot([1, 3, 2])
    return figure


def _plotly() -> Any:
    import plotly.graph_objects as go

    return go.Figure(go.Scatter(y=[1, 3, 2]))
