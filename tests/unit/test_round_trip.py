"""What a signature admits makes the round trip, what it doesn't is 422: signatures and values at random."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from types import GenericAlias
from typing import Any, Literal, NamedTuple, TypedDict

import numpy as np
import pandas as pd
import polars
import pyarrow
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from jupyter_faas.gateway.service.accept import accepts_any
from jupyter_faas.gateway.service.arguments import check_arguments
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.errors import InvalidInput, MalformedRequest, NotAcceptable
from jupyter_faas.model.iso8601 import duration_of, duration_text
from runtime.accept import preferred
from runtime.binding import Binder
from runtime.faults import Fault
from tests.support.passage import Passage

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Color(enum.Enum):
    RED = "red"
    TWO = 2


class Point(NamedTuple):
    x: float
    label: str = ""


class Options(TypedDict):
    day: dt.date


@dataclasses.dataclass(frozen=True)
class Event:
    when: dt.datetime
    cost: decimal.Decimal


class Account(pydantic.BaseModel):
    id: uuid.UUID
    opened: dt.date
    tags: list[str] = []


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(timezones=st.none() | st.just(dt.UTC))
SCALARS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, FLOATS),
    (bool, st.booleans()),
    (str, st.text()),
    (bytes, st.binary()),
    (dt.datetime, TIMES),
    (dt.date, st.dates()),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (decimal.Decimal, DECIMALS),
    (uuid.UUID, st.uuids()),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
]
# Their classes are not on the client's side: what comes back is plain.
CLASSES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Color, st.sampled_from(Color)),
    (Point, st.builds(Point, FLOATS, st.text())),
    (Options, st.fixed_dictionaries({"day": st.dates()})),
    (Event, st.builds(Event, TIMES, DECIMALS)),
    (Account, st.builds(Account, id=st.uuids(), opened=st.dates(), tags=st.lists(st.text(), max_size=2))),
]
Kind = tuple[Any, st.SearchStrategy[Any]]


def containers(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    def fixed(two: tuple[Kind, Kind]) -> Kind:
        return GenericAlias(tuple, (two[0][0], two[1][0])), st.tuples(two[0][1], two[1][1])

    return st.one_of(
        inner.map(lambda kind: (GenericAlias(list, (kind[0],)), st.lists(kind[1], max_size=3))),
        inner.map(
            lambda kind: (GenericAlias(dict, (str, kind[0])), st.dictionaries(st.text(), kind[1], max_size=3))
        ),
        inner.map(lambda kind: (kind[0] | None, kind[1] | st.none())),
        inner.map(
            lambda kind: (GenericAlias(tuple, (kind[0], ...)), st.lists(kind[1], max_size=3).map(tuple))
        ),
        st.tuples(inner, inner).map(fixed),
        st.sampled_from(SCALARS[:-1]).map(
            lambda kind: (GenericAlias(set, (kind[0],)), st.sets(kind[1], max_size=3))
        ),
    )


KINDS: st.SearchStrategy[Kind] = st.recursive(st.sampled_from(SCALARS), containers, max_leaves=4)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FORMS = ["a: A, /, b: B, *args: C, d: D, **rest: E", "a: A, b: B, *, d: D", "a: A, /, *args: C, **rest: E"]


def function_of(parameters: str, kinds: dict[str, Any], gives: str = "") -> Any:
    names = [name for name in ("a", "b", "args", "d", "rest") if f"{name}:" in parameters]
    body = "a" if gives else "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"
    namespace: dict[str, Any] = dict(kinds)
    exec(f"def f({parameters}){gives}:\n    return {body}", namespace)
    return namespace["f"]


@SOME
@given(
    form=st.sampled_from(FORMS), kinds=st.fixed_dictionaries(dict.fromkeys("ABCDE", KINDS)), drawn=st.data()
)
def test_arguments_of_any_signature_arrive_as_they_were(
    form: str, kinds: dict[str, Kind], drawn: st.DataObject
) -> None:
    seen: dict[str, Any] = {}
    function = function_of(form, {name: kind for name, (kind, _) in kinds.items()})
    value = {name: drawn.draw(values) for name, (_, values) in kinds.items()}
    more = drawn.draw(st.lists(kinds["C"][1], max_size=2)) if "*args" in form else []
    extra = {"x1": drawn.draw(kinds["E"][1])} if "**rest" in form else {}
    keywords = {"d": value["D"]} if "d: D" in form else {}
    positional = [value["A"], *([value["B"]] if "b: B" in form else []), *more]

    passage = Passage(function)
    keep = passage._binder.bind
    passage._binder.bind = lambda *call: _kept(seen, keep(*call), function)  # type: ignore[method-assign]
    passage.remote(*positional, **keywords, **extra)
    expected = function(*positional, **keywords, **extra)
    assert seen == expected
    assert _types(seen) == _types(expected)


def _kept(seen: dict[str, Any], bound: Any, function: Any) -> Any:
    seen.update(function(*bound[0], **bound[1]))
    return bound


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _types(each) for name, each in value.items()}
    return [_types(each) for each in value] if isinstance(value, list | tuple) else type(value)


@SOME
@given(kind=KINDS, drawn=st.data())
def test_results_come_back_as_they_were(kind: Kind, drawn: st.DataObject) -> None:
    annotation, values = kind
    value = drawn.draw(values)
    back = Passage(function_of("a: A", {"A": annotation}, " -> A")).remote(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(("annotation", "values"), CLASSES, ids=lambda each: str(each)[:20])
@SOME
@given(drawn=st.data())
def test_classes_arrive_and_come_back_plain(annotation: Any, values: Any, drawn: st.DataObject) -> None:
    value = drawn.draw(values)
    seen: list[Any] = []

    def f(a: Any) -> Any:
        seen.append(a)
        return a

    f.__annotations__ = {"a": annotation, "return": annotation}
    back = Passage(f).remote(value)
    assert type(seen[0]) is type(value)
    assert seen[0] == value
    if isinstance(value, Event):
        assert back == dataclasses.asdict(value)
    if isinstance(value, Account):
        assert back == value.model_dump()


@SOME
@given(kind=KINDS, value=JSON)
def test_what_the_gateway_admits_the_worker_takes(kind: Kind, value: Any) -> None:
    passage = Passage(function_of("a: A", {"A": kind[0]}, " -> A"))
    body = json.dumps({"a": value}).encode()
    try:
        check_arguments(body, passage.published.validator)
    except InvalidInput:
        return
    try:
        passage._binder.bind({}, body)
    except Fault as fault:
        pytest.fail(f"{value!r} was admitted for {kind[0]} and then refused: {fault.faults}")


TEXTS = st.text(max_size=12) | st.text("0123456789-:TZ.+P YMWDHSabcdef=/", max_size=24)
NEAR = st.one_of(
    TIMES.map(dt.datetime.isoformat),
    st.dates().map(dt.date.isoformat),
    st.times().map(dt.time.isoformat),
    st.timedeltas().map(duration_text),
    st.uuids().map(str),
    DECIMALS.map(str),
    st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode()),
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A text that is right for one of the types, or nearly."""
    text: str = draw(NEAR)
    at = draw(st.integers(0, len(text)))
    between: str = draw(TEXTS | st.just(""))
    return text[:at] + between + text[at + draw(st.integers(0, 1)) :]


TEXT_TYPES = [bytes, bytearray, dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID]
VALIDATORS = [
    (
        kind,
        Published.compile(schemas_of(function_of("a: A", {"A": kind}), "f").input),
        Binder(function_of("a: A", {"A": kind})),
    )
    for kind in TEXT_TYPES
]


@settings(max_examples=300, deadline=None)
@given(text=TEXTS | NEAR | damaged())
def test_gateway_and_worker_say_the_same_of_texts(text: str) -> None:
    body = json.dumps({"a": text}).encode()
    for kind, validator, binder in VALIDATORS:
        verdicts = []
        for check in (lambda: check_arguments(body, validator), lambda: binder.bind({}, body)):  # noqa: B023
            try:
                check()
            except (InvalidInput, Fault):
                verdicts.append(False)
            else:
                verdicts.append(True)
        assert verdicts[0] == verdicts[1], (kind, text)


@given(st.timedeltas())
def test_lengths_of_time_are_read_as_they_are_written(length: dt.timedelta) -> None:
    assert duration_of(duration_text(length)) == length


RANGES = st.lists(
    st.sampled_from(["a/b", "a/*", "*/*", "text/csv", "image/png", "a", "/", "*/b", ""])
    | st.text("ab/*;q=.01 ,", max_size=10),
    max_size=4,
)


@given(RANGES, st.lists(st.sampled_from(["", ";q=0", ";q=0.5", ";q=2", ";q=x", "; level=1;q=0"]), max_size=4))
def test_gateway_and_worker_say_the_same_of_accept(ranges: list[str], weights: list[str]) -> None:
    weights += [""] * len(ranges)
    accept = ", ".join(each + weight for each, weight in zip(ranges, weights, strict=False))
    forms = ["a/b", "text/csv", "application/json"]
    assert accepts_any(forms, accept) == (preferred(forms, accept) is not None)


def test_what_a_caller_cannot_have_is_refused_before_the_function_runs() -> None:
    def f(a: int) -> pd.DataFrame:
        raise AssertionError("it ran")

    passage = Passage(f, packages=("pandas==3",))
    with pytest.raises(NotAcceptable) as caught:
        passage.answer(b'{"a": 1}', "application/json", "image/png, text/plain")
    assert caught.value.figures["available"] == ["application/json", "text/csv", "text/html"]
    with pytest.raises(InvalidInput):
        passage.answer(b'{"a": "x"}', "application/json", "image/png")


# Parsers: whatever comes is read or refused


FILE_SIGNATURE = (
    "table: pd.DataFrame | None = None, data: bytes = b'', n: int = 0, image: Picture | None = None"
)
NAMESPACE: dict[str, Any] = {"pd": pd, "Picture": Image.Image}
exec(f"def f({FILE_SIGNATURE}): return n", NAMESPACE)
ANYTHING = Passage(NAMESPACE["f"])
KINDS_OF_BODY = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/csv",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
        "image/png",
        "application/octet-stream",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "",
    ]
) | st.text(max_size=30)


@st.composite
def form_bodies(draw: st.DrawFn) -> bytes:
    """Forms that are nearly right."""
    names = st.sampled_from(["table", "data", "n", "image", "?"]) | st.text(max_size=4)
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        head = f'Content-Disposition: form-data; name="{draw(names)}"'
        head += draw(st.sampled_from(["", '; filename="f.csv"', '; filename="', "; filename*=utf-8''%ff"]))
        head += draw(
            st.sampled_from(["", "\r\nContent-Type: text/csv", "\r\nContent-Type: application/json", "\r\nX"])
        )
        parts.append(f"--b\r\n{head}".encode() + draw(st.sampled_from([b"\r\n\r\n", b"\r\n", b""])))
        parts.append(
            draw(st.binary(max_size=20) | st.sampled_from([b"1", b"a,b\n1,2\n", b"--b", b"null"])) + b"\r\n"
        )
    return b"".join(parts) + draw(st.sampled_from([b"--b--\r\n", b"--b--", b"--b\r\n", b""]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()) | form_bodies(),
    kind=KINDS_OF_BODY,
    query=st.text(max_size=20) | st.sampled_from(["n=1", "n=x", "data=YQ%3D%3D", "n=1&n=2"]),
    accept=RANGES.map(", ".join),
)
def test_no_request_is_a_defect(body: bytes, kind: str, query: str, accept: str) -> None:
    try:
        answer = ANYTHING.answer(body, kind, accept, query)
    except (MalformedRequest, InvalidInput, NotAcceptable) as error:
        assert error.detail  # noqa: PT017 - both outcomes are right
    else:
        assert answer.status in (200, 204)


# Data


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


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_picture_keeps_its_pixels(mode: str) -> None:
    picture = Image.effect_noise((5, 4), 50).convert(mode)
    back = identity(Image.Image).remote(picture)
    assert (back.mode, back.size, back.tobytes()) == (mode, (5, 4), picture.tobytes())
