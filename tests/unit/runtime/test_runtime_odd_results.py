"""Results that a form has no exact place for: kept as exactly as it can, or refused in our own words."""

from __future__ import annotations

import datetime as dt
import enum
import io
import json
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runtime import forms
from runtime.times import instant_of, length_text
from tests.unit.runtime.test_runtime_results import body_of, refused, replied

FINE = "2026-01-01T00:00:00.123456789"
JSON = "application/json"


class Color(enum.Enum):
    RED = "red"


def as_json(value: Any) -> Any:
    return json.loads(body_of(value, JSON))


# Times


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (np.array([FINE, "NaT"], "M8[ns]"), [FINE, None]),
        (np.array([["2026-01-01T00:00:00.5"]], "M8[ns]"), [["2026-01-01T00:00:00.500000"]]),
        (np.array(["2026-01-01T05"], "M8[h]"), ["2026-01-01T05:00:00"]),
        (np.array(["2026-02"], "M8[M]"), ["2026-02-01"]),
        (np.array(["20000-01-01"], "M8[s]"), ["20000-01-01T00:00:00"]),
        (np.ma.masked_array(np.array([FINE] * 2, "M8[ns]"), [False, True]), [FINE, None]),
        (np.array([1, -90_000_000_001], "m8[ns]"), ["PT0.000000001S", "-PT1M30.000000001S"]),
        (np.array([3], "m8[10m]"), ["PT30M"]),
        (np.array([-5], "m8[Y]"), ["-P5Y"]),
        (np.array([7], "m8[as]"), ["PT0.000000000000000007S"]),
        (np.array([7], "m8"), [7]),
        (np.datetime64(FINE), FINE),
        (np.timedelta64(1, "ns"), "PT0.000000001S"),
        (pa.array([1767225600123456789, None], pa.timestamp("ns")), [FINE, None]),
        (
            pa.array([1767225600123456789], pa.timestamp("ns", "Asia/Tokyo")),
            ["2026-01-01T09" + FINE[13:] + "+09:00"],
        ),
        (pa.array([1], pa.duration("ns")), ["PT0.000000001S"]),
        (pl.Series([1767225600123456789, None]).cast(pl.Datetime("ns")), [FINE, None]),
        (pl.Series([1]).cast(pl.Datetime("ns", "UTC")), ["1970-01-01T00:00:00.000000001+00:00"]),
        (pl.Series([1]).cast(pl.Duration("ns")), ["PT0.000000001S"]),
        (pd.Series([pd.Timestamp(FINE)]), [FINE]),
    ],
    ids=lambda value: str(getattr(value, "dtype", getattr(value, "type", "")))[:30],
)
def test_times_are_written_to_the_last_digit(times: Any, expected: Any) -> None:
    assert as_json(times) == expected


@given(st.integers(-(2**62), 2**62))
def test_any_nanosecond_is_what_pandas_writes(number: int) -> None:
    assert pd.Timestamp(instant_of(number, None)).as_unit("ns").value == number
    assert pd.Timestamp(instant_of(number, "Etc/GMT+5")).as_unit("ns").value == number
    assert pd.Timedelta(length_text(number, 9)).as_unit("ns").value == number


@given(st.lists(st.integers(-(2**62), 2**62), max_size=4), st.sampled_from(["s", "ms", "us", "ns", "D", "h"]))
def test_any_array_of_times_is_read_back_by_numpy(numbers: list[int], unit: str) -> None:
    times = np.array(numbers, f"M8[{unit}]")
    if unit in ("s", "ms", "D", "h"):
        times = np.array([number % 10**9 for number in numbers], f"M8[{unit}]")
    assert np.array(as_json(times), times.dtype).tolist() == times.tolist()


# Tables


@pytest.mark.parametrize("label", [None, np.nan, pd.NaT, pd.NA], ids=str)
def test_a_column_without_a_name_is_null_as_the_key_of_a_dict(label: Any) -> None:
    assert as_json(pd.DataFrame([[1, 2]], columns=pd.Index([label, "a"], dtype=object))) == [
        {"null": 1, "a": 2}
    ]
    assert as_json(pd.Series([1, 2], index=pd.Index([label, "a"], dtype=object))) == {"null": 1, "a": 2}
    for twice in (pd.DataFrame([[1, 2]], columns=[None, "null"]), pd.Series([1, 2], index=[None, "null"])):
        assert refused(twice).code == "result-not-encodable"


def test_csv_has_the_texts_that_json_has() -> None:
    frame = pd.DataFrame(
        {
            "raw": [b"\x00\xff", None],
            "color": [Color.RED, "blue"],
            "cost": [Decimal("1.10"), 2],
            "day": [dt.date(2026, 1, 2), pd.NaT],
            "length": pd.Series([dt.timedelta(days=1), None], dtype=object),
            "mixed": [1, "x"],
        }
    )
    lines = body_of(frame, forms.CSV, "text/csv; charset=utf-8").decode().splitlines()
    assert lines[1:] == ["AP8=,red,1.10,2026-01-02,P1D,1", ",blue,2,,,x"]
    assert isinstance(frame["raw"][0], bytes), "the function's own frame stays what it is"


NESTED = {"a": [[1, 2], [3]]}


@pytest.mark.parametrize(
    ("value", "form", "words", "path"),
    [
        (pd.DataFrame(NESTED), forms.CSV, r"'a' holds a value of type list; .*\(json.dumps\)", "$[0].a"),
        (pd.DataFrame({"a": [1, {"x": 1}]}), forms.CSV, "'a' holds a value of type dict", "$[1].a"),
        (pd.Series([object()], name="a"), forms.CSV, "'a' holds a value of type object", "$[0].a"),
        (pl.DataFrame(NESTED), forms.CSV, r"'a' is of type List\(Int64\), which CSV doesn't know", "$.a"),
        (pl.DataFrame({"a": [dt.timedelta(1)]}), forms.CSV, "'a' is of type Duration", "$.a"),
        (pl.DataFrame({"a": [b"x"]}), forms.CSV, "'a' is of type Binary", "$.a"),
        (pl.DataFrame({"a": [object()]}), forms.ARROW, "'a' is of type Object, which Arrow", "$.a"),
        (pl.DataFrame({"a": [object()]}), forms.PARQUET, "'a' is of type Object, which Parquet", "$.a"),
        (pa.table(NESTED), forms.CSV, "'a' is of type list<item: int64>, which CSV doesn't know", "$.a"),
        (pa.table({"a": [{"x": 1}]}), forms.CSV, "'a' is of type struct", "$.a"),
        (
            pd.DataFrame({"a": [1, "x"]}),
            forms.ARROW,
            "'a' holds values of type int and str; .*astype",
            "$.a",
        ),
        (pd.DataFrame({"b": [1], "a": [object()]}), forms.PARQUET, "'a' holds values of type object", "$.a"),
        (pd.DataFrame({"a": [1j]}), forms.ARROW, "'a' holds values of type complex", "$.a"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), forms.ARROW, "two columns called 'a'", "$.a"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[-12:],
)
def test_what_a_form_has_no_place_for_is_said_in_our_words(
    value: Any, form: str, words: str, path: str
) -> None:
    error = refused(value, form)
    assert (error.code, error.figures["path"]) == ("result-not-encodable", path)
    assert re.search(words, str(error)), str(error)


# Pictures

MIDDLES = np.ix_([16, 48], [16, 48])  # of the areas: between them, JPEG smears
EVERY = {"image/png", "image/jpeg", "image/webp", "image/tiff"}
DEEP = {"image/png", "image/tiff"}
EIGHT_BITS = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]


@pytest.mark.parametrize("mode", EIGHT_BITS)
def test_a_picture_of_any_mode_looks_the_same_in_every_form(mode: str) -> None:
    image = picture(mode)
    assert set(forms.forms_of(image)) == EVERY
    expected = np.asarray(as_rgba(image)).astype(int)
    for form in EVERY:
        body = body_of(image, form)
        read = Image.open(io.BytesIO(body))
        assert Image.MIME[str(read.format)] == form
        pixels = np.asarray(as_rgba(read)).astype(int)
        wanted = on_white(expected) if form == "image/jpeg" else expected
        wanted[wanted[..., 3] == 0] = pixels[pixels[..., 3] == 0] = 0  # what is transparent has no color
        differs = np.abs(pixels - wanted)[MIDDLES]
        assert differs.max() <= (0 if form in DEEP else 12), form


@pytest.mark.parametrize(
    ("mode", "value", "available", "kept"),
    [
        ("I;16", 3000, DEEP, "I;16"),
        ("I;16B", 3000, DEEP, "I;16"),
        ("I", 65_535, DEEP, "I;16"),
        ("I", 65_536, {"image/tiff"}, "I"),
        ("I", -1, {"image/tiff"}, "I"),
        ("F", 0.5, {"image/tiff"}, "F"),
    ],
)
def test_deep_pixels_are_not_squeezed_into_eight_bits(
    mode: str, value: float, available: set[str], kept: str
) -> None:
    image = Image.new(mode, (3, 2), value)
    header, body, _ = replied(image)
    assert (header["type"] == "image/png") is (available == DEEP)
    read = Image.open(io.BytesIO(body))
    assert (read.mode, read.size, read.getpixel((1, 1))) == (kept, (3, 2), value)
    for form in EVERY - available:
        error = refused(image, form)
        assert set(error.figures["available"]) == available
        assert f"of mode {mode}" in str(error)


def picture(mode: str) -> Any:
    """Four areas of one color each, a quarter of them transparent if the mode has that."""
    image = Image.new("RGBA", (64, 64), (200, 30, 60, 255))
    image.paste((10, 120, 200, 255), (32, 0, 64, 32))
    if mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        image.paste((0, 0, 0, 0), (0, 32, 32, 64))
    if mode == "La":
        return image.convert("LA").convert("La")
    if mode == "PA":
        return image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE).convert("PA")
    if mode in ("LAB", "HSV", "YCbCr", "CMYK", "1", "L", "P", "RGBX"):
        image = image.convert("RGB")
    return image.convert(mode, dither=Image.Dither.NONE, palette=Image.Palette.ADAPTIVE)


def as_rgba(image: Any) -> Any:
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode in ("LA", "PA", "RGBa", "RGBA", "L", "1"):
        return image.convert("RGBA")
    return image.convert("RGB").convert("RGBA")


def on_white(pixels: Any) -> Any:
    alpha = pixels[..., 3:] / 255
    seen = (pixels[..., :3] * alpha + 255 * (1 - alpha)).round().astype(int)
    return np.concatenate([seen, np.full_like(pixels[..., 3:], 255)], axis=-1)
