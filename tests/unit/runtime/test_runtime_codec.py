"""Results as JSON."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import json
import math
import pathlib
import re
import uuid
import zoneinfo
from collections import OrderedDict, deque, namedtuple
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import codec

CAP = 10**7
DATA: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


def encoded(value: Any, cap: int = CAP) -> Any:
    """What a client decodes."""
    content_type, body = codec.encode(value, cap)
    assert content_type == "application/json"
    return json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def refused(value: Any, cap: int = CAP) -> codec.Unencodable:
    with pytest.raises(codec.Unencodable) as caught:
        codec.encode(value, cap)
    return caught.value


@given(DATA)
def test_json_comes_out_as_it_went_in(value: Any) -> None:
    assert encoded(value) == value


@given(st.lists(DATA | st.just(math.nan), max_size=5))
def test_the_slow_path_agrees_with_the_fast_one(values: list[Any]) -> None:
    expected = [None if isinstance(value, float) and math.isnan(value) else value for value in values]
    assert encoded([*values, math.inf]) == [*expected, None]


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Point:
    x: int
    when: dt.date | None = None


@attrs.define
class Spot:
    _x: int


Pair = namedtuple("Pair", "left right")
UUID = uuid.UUID("12345678123456781234567812345678")
UTC = dt.UTC


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        ([1.5, math.inf, -math.inf], [1.5, None, None]),
        ((1, 2), [1, 2]),
        (Pair(1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (b"\x00\xff", "AP8="),
        (bytearray(b"ab"), "YWI="),
        (memoryview(b"ab"), "YWI="),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        (deque([1]), [1]),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Colour.RED, "red"),
        (Level.LOW, 1),
        (Point(1, dt.date(2024, 2, 29)), {"x": 1, "when": "2024-02-29"}),
        ([Point(2)], [{"x": 2, "when": None}]),
        (dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02T03:04:05+00:00"),
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(days=1, hours=2, seconds=3, microseconds=500000), "P1DT2H3.5S"),
        (dt.timedelta(0), "PT0S"),
        (dt.timedelta(days=2), "P2D"),
        (dt.timedelta(minutes=-90), "-PT1H30M"),
        (decimal.Decimal("1.10"), "1.10"),
        (1 - 2j, "1-2j"),
        (complex("nan"), "nan+0j"),
        (np.array([1j]), ["1j"]),
        (fractions.Fraction(1, 3), "1/3"),
        (slice(1, None), {"start": 1, "stop": None, "step": None}),
        (re.compile("a+"), "a+"),
        (re.compile("a", re.IGNORECASE | re.MULTILINE), "(?im)a"),
        (ipaddress.ip_network("192.0.2.0/24"), "192.0.2.0/24"),
        (zoneinfo.ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        (pydantic.SecretStr("hidden"), "**********"),
        (pydantic.HttpUrl("http://a.b/c"), "http://a.b/c"),
        (Spot(1), {"x": 1}),
        (pd.Timedelta(1_234_567_891, "ns"), "PT1.234567891S"),
        (UUID, str(UUID)),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (10**30, 10**30),
        ("\ud800", "\ud800"),
        ({Colour.RED: 1, UUID: 2, Level.LOW: 3}, {"red": 1, str(UUID): 2, "1": 3}),
        (
            {dt.date(2024, 1, 1): 1, np.int64(7): 2, None: 3, True: 4},
            {"2024-01-01": 1, "7": 2, "null": 3, "true": 4},
        ),
        ({1.5: 1, math.nan: 2}, {"1.5": 1, "NaN": 2}),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.longdouble(1.5), 1.5),
        (np.datetime64("2024-01-02T03:04:05.123456789"), "2024-01-02T03:04:05.123456789"),
        (np.datetime64("2024-01-02"), "2024-01-02"),
        (np.datetime64("NaT"), None),
        (np.timedelta64(90, "m"), "PT1H30M"),
        (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.array([1.0, math.nan, math.inf]), [1.0, None, None]),
        (np.array(5), 5),
        (np.array(math.nan), None),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["2024-01-02", "NaT"], dtype="M8[ns]"), ["2024-01-02T00:00:00", None]),
        (np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]), [[1, 2.5]]),
        (np.ma.masked_array([1, 2], mask=[False, True]), [1, None]),
        (pd.Timestamp("2024-01-02 03:04"), "2024-01-02T03:04:00"),
        (pd.Timedelta("1h"), "PT1H"),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series([1.0, math.nan]), [1.0, None]),
        (pd.Series([1, 2], index=["a", "b"]), {"a": 1, "b": 2}),
        (pd.Series([1], index=pd.to_datetime(["2024-01-02"])), {"2024-01-02T00:00:00": 1}),
        (pd.Series([1, 2], index=[5, 6]), {"5": 1, "6": 2}),
        (pd.Series([1], index=pd.MultiIndex.from_tuples([("a", 1)])), {"('a', 1)": 1}),
        (pd.Series([1, 2, 3])[1:], {"1": 2, "2": 3}),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Index(["a", "b"]), ["a", "b"]),
        (pd.MultiIndex.from_tuples([("a", 1)]), [["a", 1]]),
        (pd.Categorical(["x", None, "x"]), ["x", None, "x"]),
        (pd.Period("2024-01", "M"), "2024-01"),
        (pd.Interval(0, 1), "(0, 1]"),
        (pd.array([1, None], dtype="Int64"), [1, None]),
        (
            pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan], "t": pd.to_datetime(["2024-01-02", "NaT"])}),
            [{"a": 1, "b": 0.5, "t": "2024-01-02T00:00:00"}, {"a": 2, "b": None, "t": None}],
        ),
        (pd.DataFrame({"a": [math.inf]}), [{"a": None}]),
        (pd.DataFrame({"a": []}), []),
        (pd.DataFrame({0: [1], "s": ["ü"]}), [{"0": 1, "s": "ü"}]),
        ({"frame": pd.DataFrame({"c": pd.Categorical(["u"])})}, {"frame": [{"c": "u"}]}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_json_does_not_know(value: Any, expected: Any) -> None:
    assert encoded(value) == expected
    assert encoded([value, math.nan]) == [expected, None]  # by the slow path too


class Strange:
    pass


@pytest.mark.parametrize(
    ("value", "path", "name"),
    [
        (Strange(), "$", "Strange"),
        ({"a": [1, {"b": Strange()}]}, "$.a[1].b", "Strange"),
        ({"a b": {1: len}}, '$["a b"]["1"]', "builtin_function_or_method"),
        (Point(Strange()), "$.x", "Strange"),  # type: ignore[arg-type]
        ((i for i in range(0)), "$", "generator"),
        ([lambda: 1], "$[0]", "function"),
        ({(1, 2): 3}, "$", "tuple"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "$", "DataFrame"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "$", "DataFrame"),
        (pd.Series([1, 2], index=["a", "a"]), "$", "Series"),
    ],
)
def test_what_has_no_json_form_is_named_with_its_place(value: Any, path: str, name: str) -> None:
    error = refused(value)
    assert error.code == "result-not-encodable"
    assert error.figures["path"] == path
    assert error.figures["type_name"].rpartition(".")[2] == name
    assert path in str(error)


def test_cycles_are_refused() -> None:
    loop: list[Any] = []
    loop.append({"again": loop})
    error = refused(loop)
    assert "refers to itself" in str(error)
    assert error.figures["path"] == "$[0].again"


def test_the_same_value_twice_is_no_cycle() -> None:
    shared = [math.nan]
    assert encoded([shared, shared]) == [[None], [None]]


def test_nesting_without_end_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert "nested too deeply" in str(refused(value))
    while value:  # freed step by step: so deep a destructor would overflow the stack
        value = value[0]


@pytest.mark.parametrize(
    "value",
    [
        "x" * 101,
        b"x" * 101,
        ["x" * 101],
        {"a": b"x" * 101},
        np.zeros(1000),
        {"deep": [np.zeros(1000)]},
        pd.DataFrame({"column": range(20)}),
        pd.Series(range(1000)),
        list(range(1000)),
        [math.nan, "x" * 200],
    ],
    ids=lambda value: type(value).__name__,
)
def test_results_over_the_cap_are_refused(value: Any) -> None:
    error = refused(value, 100)
    assert error.code == "result-too-large"
    assert error.figures["cap_bytes"] == 100
    assert error.figures["size_bytes"] > 100


def test_the_cap_counts_bytes_of_the_encoded_result() -> None:
    assert codec.encode("ü" * 49, 100)[1] == ('"' + "ü" * 49 + '"').encode()
    assert refused("ü" * 50, 100).figures["size_bytes"] == 102


def test_big_arrays_are_refused_before_they_are_encoded() -> None:
    import tracemalloc

    array = np.zeros(4_000_000)
    tracemalloc.start()
    refused(array, 10**6)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_bytes_round_trip() -> None:
    assert base64.b64decode(encoded(b"abc" * 1000)) == b"abc" * 1000
