"""Tables, arrays and pictures make the round trip as what they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.passage import Passage

ZONED = pd.date_range("2026-01-01", periods=3, freq="D", tz="Europe/Berlin")
FRAME = pd.DataFrame(
    {
        "n": pd.array([1, None, 3], dtype="Int64"),
        "text": ["ü", "007", ""],
        "when": ZONED,
        "kind": pd.Categorical(["x", "y", "x"], categories=["y", "x", "z"]),
        "small": np.array([1, 2, 3], dtype=np.int8),
    },
    index=pd.Index(["a", "b", "c"], name="key"),
)


def identity(annotation: Any, given_: Any = None) -> Passage:
    def f(x: Any) -> Any:
        return x

    f.__annotations__ = {"x": annotation}
    if given_ is not None:
        f.__annotations__["return"] = given_
    return Passage(f)


@pytest.mark.parametrize("annotated", [True, False])
def test_a_data_frame_keeps_its_types(annotated: bool) -> None:
    passage = identity(pd.DataFrame, pd.DataFrame if annotated else None)
    pd.testing.assert_frame_equal(passage.remote(FRAME), FRAME)
    assert passage.answers[0].content_type == "application/vnd.apache.arrow.stream"
    pd.testing.assert_series_equal(identity(pd.Series).remote(FRAME["when"]), FRAME["when"])
    bare = pd.Series([1, 2])
    pd.testing.assert_series_equal(identity(pd.Series).remote(bare), bare)


def test_a_data_frame_without_arrow() -> None:
    passage = Passage(identity(pd.DataFrame)._function, packages=("pandas==3",))
    frame = pd.DataFrame({"n": [1, 2], "text": ["007", None]}, index=["a", "b"])
    passage.remote(frame)
    assert passage.sent[0].content_type == "application/json"
    received = passage._binder.bind({}, passage.sent[0].content)[1]["x"]
    pd.testing.assert_frame_equal(received, frame)


def test_tables_come_back_as_the_package_that_they_were_of() -> None:
    arrow = pyarrow.table({"a": [1, 2], "t": pyarrow.array([1, 2], pyarrow.timestamp("ns", "UTC"))})
    assert identity(pyarrow.Table).remote(arrow).equals(arrow)
    frame = polars.DataFrame({"a": [1, 2], "d": [dt.date(2026, 1, 1), None], "s": ["x", "ü"]})
    back = identity(polars.DataFrame).remote(frame)
    assert isinstance(back, polars.DataFrame)
    assert back.equals(frame)
    assert back.schema == frame.schema


@pytest.mark.parametrize("dtype", ["f4", "i2", "c16", "?", "M8[ns]", "U3"])
def test_an_array_keeps_its_type(dtype: str) -> None:
    array = np.zeros((2, 3), dtype=dtype)
    back = identity(np.ndarray).remote(array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    gap = identity(NDArray[np.float64]).remote(np.array([1.0, np.nan, np.inf]))
    np.testing.assert_array_equal(gap, [1.0, np.nan, np.inf])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16", "I", "F"])
def test_a_picture_keeps_its_pixels(mode: str) -> None:
    picture = Image.effect_noise((5, 4), 50).convert("I" if mode == "I;16" else mode).convert(mode)
    if mode == "I":
        picture = picture.point(lambda pixel: pixel * 1000 + 0)
    back = identity(Image.Image).remote(picture)
    assert (back.mode, back.size, back.tobytes()) == (mode, (5, 4), picture.tobytes())


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "HSV", "RGBa", "La", "RGBX", "PA", "I;16B"])
def test_a_picture_of_any_mode_arrives(mode: str) -> None:
    picture = Image.new(mode, (5, 4))
    seen = []

    def f(x: Image.Image) -> tuple[int, int]:
        seen.append(x.mode)
        return x.size

    assert Passage(f).remote(picture) == (5, 4)
    kept = {"HSV": "RGB", "RGBa": "RGBA", "La": "LA", "RGBX": "RGB", "I;16B": "I"}
    assert seen == [kept.get(mode, mode)]


def test_times_keep_their_nanoseconds() -> None:
    for kind, value in ((np.datetime64, "2026-01-01T00:00:00.123456789"), (np.timedelta64, 1)):
        moment = kind(value, "ns")
        back = identity(kind, kind).remote(moment)
        assert (back, type(back)) == (moment, kind)
    frame = pd.DataFrame({"t": pd.to_datetime(["2026-01-01T00:00:00.123456789"]), None: [1]})
    pd.testing.assert_frame_equal(identity(pd.DataFrame).remote(frame), frame)
