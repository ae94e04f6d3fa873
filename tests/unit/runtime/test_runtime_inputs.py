"""Arguments become what the parameters' annotations say, or the caller's fault."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from jupyter_faas.kernel.schemas import MEDIA
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.arguments import Arguments, Part
from jupyter_faas.model.examples import example_arguments
from runtime import conversions, data, uploads
from runtime.binding import Binder
from runtime.faults import Fault


class Color(enum.Enum):
    RED = "red"
    TWO = 2


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


def function_of(annotation: Any) -> Callable[..., Any]:
    def f(x: Any) -> Any:
        return x

    f.__annotations__ = {"x": annotation}
    return f


def bound(annotation: Any, value: Any) -> Any:
    """What a function gets for a JSON value."""
    _, arguments = Binder(function_of(annotation)).bind({}, json.dumps({"x": value}).encode())
    return arguments["x"]


def read(annotation: Any, content: bytes, media_type: str, filename: str | None = None) -> Any:
    """What a function gets for a file."""
    call = Arguments(b"{}", (Part("x", media_type, filename, content),))
    return Binder(function_of(annotation)).bind(call.header, b"".join(call.pieces))[1]["x"]


def faults(annotation: Any, value: Any) -> list[str]:
    with pytest.raises(Fault) as caught:
        bound(annotation, value)
    outcome = caught.value.outcome()
    assert outcome["code"] == "invalid-input"
    return [fault["path"] for fault in outcome["figures"]["faults"]]


def admitted(annotation: Any, value: Any) -> bool:
    """Whether the gateway lets a value through."""
    schema = schemas_of(function_of(annotation), "f").input
    return jsonschema_rs.Draft202012Validator(schema).is_valid({"x": value})


def as_json(value: Any) -> Any:
    """``value`` as a result of a function has it."""
    return json.loads(json.dumps(value, default=lambda each: conversions.simpler(each, 10**9)))


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


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    uploads.clear()


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


def written(table: pyarrow.Table, media_type: str) -> bytes:
    sink = io.BytesIO()
    match media_type:
        case data.CSV:
            pyarrow.csv.write_csv(table, sink)
        case data.STREAM:
            with pyarrow.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
        case data.FEATHER:
            pyarrow.feather.write_feather(table, sink, compression="uncompressed")
        case _:
            pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


TABLE = pyarrow.table({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize("media_type", data.TABLES)
@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(pd.DataFrame, TABLE.to_pandas()), (pyarrow.Table, TABLE), (polars.DataFrame, polars.from_arrow(TABLE))],
    ids=["pandas", "pyarrow", "polars"],
)
def test_tables_from_files(annotation: Any, expected: Any, media_type: str) -> None:
    content = written(TABLE, media_type)
    assert read(annotation, content, media_type).equals(expected)
    suffix = next(suffix for suffix, known in data.SUFFIXES.items() if known == media_type)
    assert read(annotation | None, content, "application/octet-stream", f"t{suffix}").equals(expected)
    if media_type != data.CSV:
        assert read(annotation, content, "application/octet-stream").equals(expected)
        with pytest.raises(Fault):
            read(annotation, content[:40], media_type)


def test_a_series_is_one_column() -> None:
    assert list(read(pd.Series, b"a\n1\n2\n", "text/csv")) == [1, 2]
    with pytest.raises(Fault, match="2 columns"):
        read(pd.Series, b"a,b\n1,2\n", "text/csv")


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_arrays_from_files() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    received = read(np.ndarray, npy(array), "application/x-npy")
    assert received.dtype == np.int32
    assert np.array_equal(received, array)
    assert read(NDArray[np.float64], npy(array), "application/octet-stream").dtype == np.float64
    with pytest.raises(Fault, match="allow_pickle"):
        read(np.ndarray, npy(np.array([{}], dtype=object)), "application/x-npy")
    with pytest.raises(Fault, match="npy"):
        read(np.ndarray, b"1,2,3", "text/csv")


def test_pictures_from_files_and_from_json() -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", (4, 3), "red").save(file, "PNG")
    content = file.getvalue()
    picture = read(PIL.Image.Image, content, "image/png")
    assert (picture.size, picture.getpixel((0, 0)), picture.format) == ((4, 3), (255, 0, 0), "PNG")
    assert bound(PIL.Image.Image, base64.b64encode(content).decode()).size == (4, 3)
    with pytest.raises(Fault, match="is not a picture"):
        read(PIL.Image.Image, content[:50], "image/png")


def test_files_live_as_long_as_the_call(scratch: Path) -> None:
    path = read(Path, b"hello", "text/plain", "../../etc/notes.txt")
    assert isinstance(path, Path)
    assert (path.name, path.read_bytes(), path.parents[1]) == ("notes.txt", b"hello", scratch)
    other = bound(Path, base64.b64encode(b"again").decode())
    assert (other.name, other.read_bytes()) == ("upload", b"again")
    uploads.clear()
    assert not list(scratch.iterdir())


def test_files_of_killed_workers_go(scratch: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for owner in (ended.pid, os.getppid()):
        (scratch / f"upload-{owner}-x").mkdir()
    uploads.store(b"", None)
    left = {path.name for path in scratch.iterdir()}
    assert f"upload-{ended.pid}-x" not in left
    assert f"upload-{os.getppid()}-x" in left


def test_deep_nesting_is_the_callers_fault() -> None:
    value: dict[str, Any] = {"when": "2024-01-01", "cost": 1}
    for _ in range(400):
        value = {"when": "2024-01-01", "cost": 1, "parts": [value]}
    assert faults(Event, value) == ["$.x"]


@given(st.text())
def test_no_file_name_leads_anywhere(name: str) -> None:
    safe = uploads.safe_name(name)
    assert safe
    assert safe not in (".", "..")
    assert "/" not in safe
    assert "\0" not in safe
    assert len(safe.encode()) < 255


def test_the_two_sides_name_the_same_types() -> None:
    for annotation in (pd.DataFrame, pd.Series, pyarrow.Table, polars.DataFrame, np.ndarray, PIL.Image.Image):
        assert data.reader(annotation) is not None
        schema = schemas_of(function_of(annotation), "f").input["properties"]["x"]
        named = schema[MEDIA]
        assert tuple(named) in {data.TABLES, (data.NPY,), ("image/*",)}


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
