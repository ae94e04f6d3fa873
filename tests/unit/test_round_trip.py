"""What a signature admits makes the round trip, what it doesn't is 422: signatures and values at random."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
from typing import Any, NamedTuple, NotRequired, TypedDict, Unpack

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.service.arguments import check_arguments
from jupyter_faas.model.errors import InvalidInput
from runtime.faults import Fault
from tests.support.kinds import DECIMALS, FLOATS, FORMS, JSON, KINDS, SOME, TIMES, Kind, function_of
from tests.support.passage import Passage


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


# Their classes are not on the client's side: what comes back is plain.
CLASSES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Color, st.sampled_from(Color)),
    (Point, st.builds(Point, FLOATS, st.text())),
    (Options, st.fixed_dictionaries({"day": st.dates()})),
    (Event, st.builds(Event, TIMES, DECIMALS)),
    (Account, st.builds(Account, id=st.uuids(), opened=st.dates(), tags=st.lists(st.text(), max_size=2))),
]


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
@given(wanted=KINDS, optional=KINDS, drawn=st.data())
def test_keywords_of_a_typed_dict_arrive_as_they_were(
    wanted: Kind, optional: Kind, drawn: st.DataObject
) -> None:
    members = {"x": wanted[0], "y": NotRequired[optional[0]]}
    options = TypedDict("options", members)  # type: ignore[misc]
    seen: dict[str, Any] = {}

    def f(a: int, **rest: Any) -> None:
        seen.update(rest)

    f.__annotations__ = {"a": int, "rest": Unpack[options]}
    given_ = {
        "x": drawn.draw(wanted[1]),
        **({"y": drawn.draw(optional[1])} if drawn.draw(st.booleans()) else {}),
    }
    passage = Passage(f)
    passage.remote(1, **given_)
    assert seen == given_
    assert _types(seen) == _types(given_)
    for wrong in ({"a": 1}, {"a": 1, "x": given_["x"], "z": 1}):
        with pytest.raises(TypeError):
            passage.remote(**wrong)
    with pytest.raises(InvalidInput):
        passage.answer(b'{"a": 1}', "application/json")


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
