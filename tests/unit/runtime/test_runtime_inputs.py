"""Arguments become what the parameters' annotations say, or the caller's fault."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import json
import re
import subprocess
import sys
import uuid
import zoneinfo
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

import jsonschema_rs
import numpy as np
import pandas as pd
import PIL.Image
import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pydantic
import pytest
from annotated_types import Ge, Len, MultipleOf, Predicate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.examples import example_arguments
from runtime.binding import Binder
from runtime.faults import Fault
from tests.unit.runtime.runtime_binding import admitted, as_json, bound, faults, function_of


class Color(enum.Enum):
    RED = "red"
    TWO = 2


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


class Place(NamedTuple):
    x: float
    name: str = "here"


class Options(TypedDict):
    day: dt.date
    color: NotRequired[Color]


@dataclasses.dataclass
class Event:
    when: dt.datetime
    cost: decimal.Decimal
    color: Color = Color.RED
    parts: list[Event] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.cost < 0:
            raise ValueError("a negative cost")


class Account(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    id: uuid.UUID
    opened: dt.date
    tags: set[str] = set()


class Order(pydantic.BaseModel):
    account: Account
    amounts: tuple[decimal.Decimal, ...]
    event: Event | None = None


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
EVENTS = st.builds(Event, st.datetimes(), DECIMALS.map(abs), st.sampled_from(Color), st.just([]))
ACCOUNTS = st.builds(Account, id=st.uuids(), opened=st.dates(), tags=st.sets(st.text()))
ROUND_TRIPS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (bytes, st.binary()),
    (bytearray, st.binary().map(bytearray)),
    (dt.datetime, st.datetimes(timezones=st.none() | st.just(dt.UTC))),
    (dt.date, st.dates()),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (decimal.Decimal, DECIMALS),
    (uuid.UUID, st.uuids()),
    (Color, st.sampled_from(Color)),
    (Level, st.sampled_from(Level)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
    (list[dt.date], st.lists(st.dates())),
    (Sequence[uuid.UUID], st.lists(st.uuids())),
    (dict[str, bytes], st.dictionaries(st.text(), st.binary())),
    (set[int], st.sets(st.integers())),
    (frozenset[str], st.frozensets(st.text())),
    (tuple[int, dt.date], st.tuples(st.integers(), st.dates())),
    (tuple[bytes, ...], st.lists(st.binary()).map(tuple)),
    (dt.date | None, st.none() | st.dates()),
    (
        list[int] | dict[str, Color],
        st.lists(st.integers()) | st.dictionaries(st.text(), st.sampled_from(Color)),
    ),
    (Annotated[dt.date, "The day"], st.dates()),
    (Place, st.builds(Place, st.floats(allow_nan=False, allow_infinity=False), st.text())),
    (Options, st.fixed_dictionaries({"day": st.dates()}, optional={"color": st.sampled_from(Color)})),
    (Event, st.builds(Event, st.datetimes(), DECIMALS.map(abs), parts=st.lists(EVENTS, max_size=3))),
    (Account, ACCOUNTS),
    (NDArray[np.float64], st.lists(st.floats(allow_infinity=False)).map(np.array)),
    (NDArray[np.int16], st.lists(st.integers(-9, 9), min_size=1).map(lambda v: np.array(v, np.int16))),
    (pd.Series, st.lists(st.integers(-99, 99), min_size=1).map(pd.Series)),
    (
        pd.DataFrame,
        st.lists(st.fixed_dictionaries({"a": st.integers(-9, 9), "b": st.text()}), min_size=1).map(
            pd.DataFrame
        ),
    ),
]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame | pd.Series):
        return bool(one.equals(other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    return bool(one == other)


@pytest.mark.parametrize(("annotation", "values"), ROUND_TRIPS, ids=lambda each: str(each)[:40])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_what_a_function_returns_another_can_take(
    annotation: Any, values: st.SearchStrategy[Any], drawn: st.DataObject
) -> None:
    value = drawn.draw(values)
    sent = value.model_dump(mode="json") if isinstance(value, pydantic.BaseModel) else as_json(value)
    assert admitted(annotation, sent), sent
    received = bound(annotation, sent)
    assert type(received) is type(value)
    assert same(value, received)


@pytest.mark.parametrize(
    "annotation", [*(pair[0] for pair in ROUND_TRIPS), Order, PIL.Image.Image, Path], ids=str
)
def test_the_example_that_a_publish_shows_works(annotation: Any, scratch: Path) -> None:
    example = example_arguments(schemas_of(function_of(annotation), "f").input)["x"]
    assert admitted(annotation, example), example
    bound(annotation, example)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
REAL_TYPES = {
    int: int,
    dt.date: dt.date,
    decimal.Decimal: decimal.Decimal,
    bytes: bytes,
    Color: Color,
    tuple[int, dt.date]: tuple,
    set[int]: set,
    int | None: int | None,
    Place: Place,
    Event: Event,
    Order: Order,
    np.ndarray: np.ndarray,
    pd.DataFrame: pd.DataFrame,
    pyarrow.Table: pyarrow.Table,
    polars.DataFrame: polars.DataFrame,
}


@pytest.mark.parametrize("annotation", REAL_TYPES, ids=str)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=JSON)
def test_whatever_is_admitted_becomes_the_type_or_is_refused(annotation: Any, value: Any) -> None:
    if not admitted(annotation, value):
        return
    try:
        assert isinstance(bound(annotation, value), REAL_TYPES[annotation])
    except Fault as fault:
        assert all(message for _, message in fault.faults)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    ("annotation", "value", "paths"),
    [
        (dt.datetime, "yesterday", ["$.x"]),
        (dt.timedelta, "P1Y", ["$.x"]),
        (dt.timedelta, "PT", ["$.x"]),
        (dt.timedelta, f"P{10**12}D", ["$.x"]),
        (bytes, "ä", ["$.x"]),
        (complex, "1 + 2j", ["$.x"]),
        (fractions.Fraction, "1/0", ["$.x"]),
        (fractions.Fraction, "1e9999", ["$.x"]),
        (decimal.Decimal, "1e99999999999999999999", ["$.x"]),
        (re.Pattern[str], "(", ["$.x"]),
        (re.Pattern, "(" * 5000, ["$.x"]),
        (zoneinfo.ZoneInfo, "Nowhere/Land", ["$.x"]),
        (zoneinfo.ZoneInfo, "Europe", ["$.x"]),
        (ipaddress.IPv4Network, "192.0.2.1/24", ["$.x"]),
        (range, [1, 2, 4], ["$.x"]),
        (range, {"start": 1}, ["$.x"]),
        (range, {"stop": 9, "step": 0}, ["$.x"]),
        (slice, {"stop": "9"}, ["$.x.stop"]),
        (dict[int, dt.date], {"1": "2024-01-01", "01": "2024-01-01"}, ["$.x.01"]),
        (dict[int, dt.date], {"1": "2024-13-01"}, ["$.x.1"]),
        (dict[dt.date, int], {"2024-01-01": 1, "20240101": 2}, ["$.x"]),
        (dict[Color, int], {"blue": 1}, ["$.x.blue"]),
        (Counter[str], {"a": 1.5}, ["$.x.a"]),
        (Annotated[dt.date, Ge(dt.date(2024, 1, 1))], "2023-12-31", ["$.x"]),
        (Annotated[decimal.Decimal, pydantic.Field(ge=0, decimal_places=2)], "1.234", ["$.x"]),
        (Annotated[str, Predicate(str.islower)], "A", ["$.x"]),
        (list[Annotated[int, MultipleOf(3)] | None], [3, None, 4], ["$.x[2]", "$.x[2]"]),
        (Annotated[set[int], Len(1, 2)], [1, 2, 3], ["$.x"]),
        (np.int8, 128, ["$.x"]),
        (np.float32, 1e300, ["$.x"]),
        (np.datetime64, "2024-01-01T00:00:00+01:00", ["$.x"]),
        (pd.Timestamp, "now", ["$.x"]),
        (pd.Timedelta, "1 day", ["$.x"]),
        (Permission, 4, ["$.x"]),
        (bytes, "YQ", ["$.x"]),
        (list[dt.date], ["2024-01-01", "2024-13-01"], ["$.x[1]"]),
        (dict[str, uuid.UUID], {"a": "b"}, ["$.x.a"]),
        (
            Event,
            {"when": "2024-01-01", "cost": 1, "parts": [{"when": "?", "cost": 1}]},
            ["$.x.parts[0].when"],
        ),
        (Event, {"when": "2024-01-01", "cost": -1}, ["$.x"]),
        (tuple[int, dt.date], [1, "x"], ["$.x[1]"]),
        (dt.date | uuid.UUID, "neither", ["$.x", "$.x"]),
        (Order, {"account": {"id": "?", "opened": "?"}, "amounts": ["?"]}, ["id", "opened", "amounts[0]"]),
        (np.ndarray, [[1, 2], [3]], ["$.x"]),
        (NDArray[np.float64], ["one"], ["$.x"]),
        (pd.DataFrame, {"a": [1], "b": [1, 2]}, ["$.x"]),
        (PIL.Image.Image, "aGVsbG8=", ["$.x"]),
    ],
)
def test_faults_have_their_place(annotation: Any, value: Any, paths: list[str]) -> None:
    found = faults(annotation, value)
    assert len(found) == len(paths)
    assert all(one.endswith(path) for one, path in zip(found, paths, strict=True)), found


def test_numbers_keep_what_json_says() -> None:
    assert type(bound(int, 3.0)) is int
    assert bound(list[int], [1, 2.0]) == [1, 2]
    assert str(bound(decimal.Decimal, 0.1)) == "0.1"
    assert str(bound(decimal.Decimal, "0.10")) == "0.10"
    assert bound(dt.timedelta, "-P1DT2H3M4.5S") == -dt.timedelta(days=1, hours=2, minutes=3, seconds=4.5)
    assert bound(dt.timedelta, "P2W") == dt.timedelta(weeks=2)
    assert np.array_equal(bound(np.ndarray, [1, None]), [1, np.nan], equal_nan=True)


def test_tables_in_every_shape() -> None:
    expected = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    for value in (
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        {"a": [1, 2], "b": ["x", "y"]},
        {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]},
    ):
        assert admitted(pd.DataFrame, value)
        assert bound(pd.DataFrame, value).equals(expected)
    table = bound(pyarrow.Table, [{"a": 1}, {"a": 2}])
    assert table.equals(pyarrow.table({"a": [1, 2]}))
    assert bound(polars.DataFrame, {"a": [1, 2]}).equals(polars.DataFrame({"a": [1, 2]}))


def test_deep_nesting_is_the_callers_fault() -> None:
    value: dict[str, Any] = {"when": "2024-01-01", "cost": 1}
    for _ in range(400):
        value = {"when": "2024-01-01", "cost": 1, "parts": [value]}
    assert faults(Event, value) == ["$.x"]


def test_stars_and_positional_parameters() -> None:
    def f(first: dt.date, /, second: int, *days: dt.date, **more: Color) -> None: ...

    body = {"first": "2024-01-01", "second": 2, "days": ["2024-01-02"], "other": "red"}
    assert admitted_by(f, body)
    args, kwargs = Binder(f).bind({}, json.dumps(body).encode())
    assert args == [dt.date(2024, 1, 1), 2, dt.date(2024, 1, 2)]
    assert kwargs == {"other": Color.RED}


def admitted_by(function: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    return jsonschema_rs.Draft202012Validator(schemas_of(function, "f").input).is_valid(arguments)


def test_plain_annotations_cost_nothing() -> None:
    program = (
        "import sys\nsys.path.insert(0, sys.argv[1])\nfrom runtime.binding import Binder\n"
        "def f(a, b: float, c: list[float], d: dict[str, list], e: 'str') -> dict: ...\n"
        "arguments = Binder(f).bind({}, b'{\"a\": 1}')\n"
        "print(arguments, sorted({'typing', 'runtime.converters', 'inspect'} & sys.modules.keys()))"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-I", "-S", "-c", program, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "([], {'a': 1}) []\n"


def test_validators_of_pydantic_are_run() -> None:
    annotation = Annotated[str, pydantic.AfterValidator(str.upper)]
    assert bound(annotation, "a") == "A"


def test_annotations_that_are_no_types_convert_nothing() -> None:
    assert bound("only for readers", [1]) == [1]
    assert bound("NotThere", [1]) == [1]
    assert bound(Callable[[], int], 1) == 1
