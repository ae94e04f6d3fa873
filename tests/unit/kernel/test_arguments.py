"""The arguments of ``%faas invoke``."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.kernel.arguments import arguments_of
from jupyter_faas.model.errors import InvalidInput

NAMES = {"df": [1, 2, 3], "rows": {"a": "}"}, "q": 0.5, "unsaid": object()}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", {}),
        (
            "q=0.5 name=Ada 'xs=[1, 2]' t='\"1\"'",
            {"q": 0.5, "name": "Ada", "xs": [1, 2], "t": "1"},
        ),
        (' {"a": {"b": [1]}} ', {"a": {"b": [1]}}),
        ("{rows}", {"a": "}"}),
        ("{ {'a': q} }", {"a": 0.5}),
        ("x={df} y={q}", {"x": [1, 2, 3], "y": 0.5}),
        ("x={[i for i in df if i > 1]}   y=1", {"x": [2, 3], "y": 1}),
        ('x={rows["a"]} y="a b"', {"x": "}", "y": "a b"}),
        ("x={'} y={'} y=2", {"x": "} y={", "y": 2}),
        ("x={{'a': {1}}} y={ {2} }", {"x": {"a": {1}}, "y": {2}}),
        ('x={"a": 1, "b": {"c": []}} y={}', {"x": {"a": 1, "b": {"c": []}}, "y": {}}),
        ("x=[1, 2] y=[] z='[a'", {"x": [1, 2], "y": [], "z": "[a"}),
        ("x=a{b}c y=a=b z=", {"x": "a{b}c", "y": "a=b", "z": ""}),
        ("'x={df}'", {"x": [1, 2, 3]}),
        ("text='it is\t{'", {"text": "it is\t{"}),
    ],
)
def test_arguments(text: str, arguments: dict[str, Any]) -> None:
    assert arguments_of(text, NAMES) == arguments


def test_values_are_the_objects_themselves() -> None:
    assert arguments_of("x={unsaid}", NAMES)["x"] is NAMES["unsaid"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "x is no argument. Write each argument as NAME=VALUE"),
        ("df", "The kernel's df is {df}: NAME={df}."),
        ("=1", "=1 is no argument."),
        ("q=1 --accept text/csv", "Options stand before the function's name."),
        ("q=1 q=2", "q is given twice: leave one out."),
        ("{", "neither a JSON object nor {an expression} of Python"),
        ("{} x", "{} already gives all arguments; x is too much."),
        ("{df}", "{df} is a list, not a dict of arguments: name its parameter, as in NAME={df}."),
        ("x={df", "x={df: what follows the brace is neither JSON nor an expression of Python"),
        ("x={'a': 1} y=2", "x={'a': 1} y=2: what follows the brace"),
        ("'x={1 2}'", "x={1 2} is neither JSON nor an expression of Python. A dict is written {{1 2}}"),
        ("x={dff}", "x={dff} raised NameError: name 'dff' is not defined. Did you mean df?"),
        ("x={zzzz}", "This kernel has no such name: run the cell that makes it."),
        ("x={1 / 0}", "x={1 / 0} raised ZeroDivisionError: division by zero."),
        ("x={await df}", "raised SyntaxError"),
        ("x='a", "x='a: no closing quotation. Close the quotation mark."),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        arguments_of(text, NAMES)
    assert said in caught.value.detail


@given(st.text("{}[]()'\"=, ab1:*\\\n\u2028"))
def test_any_line_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        arguments_of(text, {})


@given(st.dictionaries(st.from_regex(r"[a-z]\w*", fullmatch=True), st.text() | st.lists(st.integers())))
def test_python_literals_between_braces_come_back(values: dict[str, Any]) -> None:
    line = " ".join(f"{name}={{{value!r}}}" for name, value in values.items())
    assert arguments_of(line, {}) == values
