"""Plain constants go round through their source."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_faas.kernel.constants import NotPlain, TooLarge, constant_source, same

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
)
hashable = scalars | st.tuples(scalars, scalars) | st.frozensets(scalars, max_size=3)
plain = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.tuples(inner)
        | st.sets(hashable, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(plain)
def test_round_trip(value: Any) -> None:
    expression = constant_source("x", value).expression
    assert same(eval(expression), value)
    assert expression.encode(), "it can be written into a file"


def test_sets_are_written_in_one_order() -> None:
    letters = [chr(97 + index) for index in range(20)]
    assert constant_source("x", set(letters)).expression == "{" + ", ".join(map(repr, letters)) + "}"
    assert constant_source("x", frozenset()).expression == "frozenset()"


def test_floats_keep_sign_and_kind() -> None:
    assert constant_source("x", -0.0).expression == "-0.0"
    assert math.isnan(eval(constant_source("x", math.nan).expression))
    assert not same(0.0, -0.0)
    assert not same(1, True)


@pytest.mark.parametrize(
    "value", [object(), [object()], type("F", (float,), {})(1.0), range(3), bytearray(b"x")]
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(NotPlain):
        constant_source("x", value)


@pytest.mark.parametrize(
    "value", ["x" * 8200, [0] * 4000, 1 << 20_000, b"\0" * 3000], ids=["str", "list", "int", "bytes"]
)
def test_large_values_are_refused(value: Any) -> None:
    with pytest.raises(TooLarge):
        constant_source("x", value)
