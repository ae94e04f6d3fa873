"""Values of a call as source of a cell: literals that give the very values, and nothing else."""

from __future__ import annotations

import ast
import re
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.faults import Fault
from runtime.notebook.cells import INJECTED
from runtime.notebook.parameters import python_literal, r_literal, with_parameters
from runtime.outcomes import CallFailed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TEXT_OF_R = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)
NASTY = ['"\nimport os#', "'; import os; '", "\\", '"""', "\\'", "\u2028x=1", "{x}", "#", "\r\nx", "\0"]


def notebook(language: str = "python") -> Any:
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    last = nbformat.v4.new_code_cell("x")
    return nbformat.v4.new_notebook(cells=[cell, last]), {"language": language, "kernel": "any"}


def injected(values: dict[str, Any], language: str = "python") -> str:
    made = with_parameters(*_reordered(values, language))
    (cell,) = [each for each in made.cells if INJECTED in each.metadata.get("tags", ())]
    assert made.cells.index(cell) == 1
    return str(cell.source)


def _reordered(values: dict[str, Any], language: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    made, described = notebook(language)
    return made, values, described


@given(VALUES)
def test_a_literal_gives_the_value(value: Any) -> None:
    text = python_literal(value)
    given_back = eval(text, {"__builtins__": {"float": float}})
    assert given_back == value
    assert type(given_back) is type(value)
    assert text.isascii()
    assert "\n" not in text


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1))
def test_the_cell_holds_nothing_but_the_assignments(values: dict[str, Any]) -> None:
    tree = ast.parse(injected(values))
    assert [type(each) for each in tree.body] == [ast.Assign] * len(values)
    names = [each.targets[0].id for each in tree.body]  # type: ignore[attr-defined]
    assert names == list(values)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert all(isinstance(call.func, ast.Name) and call.func.id == "float" for call in calls)


@pytest.mark.parametrize("text", NASTY)
def test_nothing_breaks_out(text: str) -> None:
    scope: dict[str, Any] = {}
    exec(injected({"x": text, "y": [text, {text: text}]}), scope)
    assert (scope["x"], scope["y"]) == (text, [text, {text: text}])
    assert "os" not in scope


@given(TEXT_OF_R)
def test_a_text_of_r_is_one_text(text: str) -> None:
    literal = r_literal(text)
    assert re.fullmatch(r'"(?:[ !#-\[\]-~]|\\["\\]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"', literal)
    pieces = re.findall(r"\\u(.{4})|\\U(.{8})|\\(.)|(.)", literal[1:-1])
    assert "".join(chr(int(a or b, 16)) if a or b else c or d for a, b, c, d in pieces) == text


def test_values_of_r() -> None:
    values = {"n": 5, "on": True, "none": None, "x": 0.5, "v": [1, 2], "names": ["a", "b"], "odd": [1, "a"]}
    assert injected(values, "R").splitlines()[1:] == [
        "n <- 5",
        "on <- TRUE",
        "none <- NULL",
        "x <- 0.5",
        "v <- c(1, 2)",
        'names <- c("a", "b")',
        'odd <- list(1, "a")',
    ]
    assert r_literal({"a": [], "b": {"c": False}}) == 'list("a" = list(), "b" = list("c" = FALSE))'


def test_what_r_cannot_hold_is_the_callers_fault() -> None:
    with pytest.raises(Fault):
        r_literal("a\0b")
    with pytest.raises(CallFailed) as caught:
        injected({"x": ["a\0"]}, "R")
    assert caught.value.code == "invalid-input"
    assert caught.value.figures["faults"][0]["path"] == "$.x"


def test_without_values_the_notebook_stays_as_it_is() -> None:
    made, described = notebook()
    assert with_parameters(made, {}, described) is made
