"""One table on either side of the wire: the same types, the same texts, the same values."""

from __future__ import annotations

import importlib
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_faas.kernel.datatypes import named_schema
from jupyter_faas.kernel.keys import key_schema
from jupyter_faas.model.examples import example_arguments
from jupyter_faas.model.scalars import KEY_SCALARS, SCALARS, Scalar
from jupyter_faas.model.typenames import name_of
from runtime import scalars
from runtime.constraints import _CHECKS
from runtime.faults import Fault
from runtime.keys import key
from runtime.packagescalars import package_scalar
from tests.unit.runtime.runtime_binding import admitted, bound

PACKAGES = ("numpy", "pandas")
OWN = sorted(name for name in SCALARS if name.partition(".")[0] not in PACKAGES)
TEXTS = st.text(max_size=10) | st.text("0123456789.eEjJ+-/() _infatyINFATYx:", max_size=12)
NEAR = st.sampled_from([scalar.example for scalar in SCALARS.values()])


def kind_of(name: str) -> Any:
    module, _, kind = name.rpartition(".")
    return getattr(importlib.import_module(module), kind)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text: str = draw(NEAR)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(TEXTS) + text[at + draw(st.integers(0, 1)) :]


def read(scalar: Scalar, text: str) -> Any:
    try:
        return scalar.read(text)
    except (ValueError, ArithmeticError, LookupError):
        return Fault


def converted(convert: Any, text: str) -> Any:
    try:
        return convert(text)
    except Fault:
        return Fault


def test_both_tables_have_the_same_rows() -> None:
    assert sorted(scalars.ROWS) == OWN
    for name in OWN:
        assert scalars.ROWS[name][0] == SCALARS[name].what
        assert name_of(kind_of(name)) == scalars.scalar_name(kind_of(name)) == name


@settings(max_examples=200, deadline=None)
@given(text=TEXTS | NEAR | damaged())
def test_both_tables_read_the_same(text: str) -> None:
    for name in OWN:
        if name == "pathlib.Path":
            continue  # a file here, its content there
        ours = read(SCALARS[name], text)
        theirs = converted(scalars.scalar(kind_of(name)), text)
        if isinstance(ours, bytes):
            theirs = theirs if theirs is Fault else bytes(theirs)
        assert ours == theirs or (_is_nan(ours) and _is_nan(theirs)), (name, text)
    for name, scalar in KEY_SCALARS.items():
        convert = key(kind_of(name), lambda _: None)
        theirs = converted(convert, text)
        if theirs is not Fault and not _is_nan(theirs):
            assert theirs == scalar.read(text)


def _is_nan(value: Any) -> bool:
    return isinstance(value, int | float | complex) and math.isnan(abs(value))


@pytest.mark.parametrize("name", SCALARS)
def test_every_example_is_right(name: str) -> None:
    scalar = SCALARS[name]
    kind = kind_of(name)
    assert read(scalar, scalar.example) is not Fault
    example = example_arguments({"properties": {"x": named_schema(name, False)}, "required": ["x"]})["x"]
    for value in (scalar.example, example):
        assert admitted(kind, value)
        if name != "pathlib.Path":
            assert isinstance(bound(kind, value), np.complexfloating if "floating" in name else kind)


@pytest.mark.parametrize("name", [name for name in SCALARS if name.startswith(PACKAGES)])
def test_packages_types_refuse_what_the_gateway_does(name: str) -> None:
    for text in ("", "x", "now", "1 day", "2026", "NaT"):
        refused = read(SCALARS[name], text) is Fault
        assert refused is (converted(package_scalar(kind_of(name)), text) is Fault), text


def test_nanoseconds_stay() -> None:
    moment = pd.Timestamp("2026-01-31T12:00:00.123456789Z")
    assert bound(pd.Timestamp, moment.isoformat()) == moment
    assert bound(pd.Timedelta, "-PT1.123456789S") == pd.Timedelta(-1_123_456_789, "ns")
    assert bound(np.datetime64, "2026-01-31T12:00:00.123456789") == np.datetime64(
        "2026-01-31T12:00:00.123456789"
    )
    assert bound(np.timedelta64, "PT0.000000001S") == np.timedelta64(1, "ns")
    assert str(bound(np.datetime64, "2026-01-31").dtype) == "datetime64[D]"


@pytest.mark.parametrize("kind", [np.int8, np.uint64, np.int64, np.integer, np.longlong])
def test_whole_numbers_have_their_bounds(kind: Any) -> None:
    schema = named_schema(name_of(kind), False)
    assert schema is not None
    for edge, step in ((schema["minimum"], -1), (schema["maximum"], 1)):
        assert admitted(kind, edge)
        assert int(bound(kind, edge)) == edge
        assert not admitted(kind, edge + step)
        with pytest.raises(Fault):
            bound(kind, edge + step)


def test_keys_are_texts() -> None:
    assert key_schema(int)["x-faas-type"] == "builtins.int"
    value = {"1": 2, "-3": 4}
    assert admitted(dict[int, int], value)
    assert bound(dict[int, int], value) == {1: 2, -3: 4}
    for wrong in ("01", "1.0", "a", " 1", "\u0661"):
        assert not admitted(dict[int, int], {wrong: 1})
    assert bound(dict[float, int], json.loads('{"NaN": 1, "1e3": 2}'))[1000.0] == 2


def test_each_check_tells_what_holds() -> None:
    for name, check in _CHECKS.items():
        wanted: Any = str.islower if name == "func" else 2
        assert check(wanted)[1]
