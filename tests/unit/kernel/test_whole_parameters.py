"""The cell tagged ``parameters`` as a signature."""

from __future__ import annotations

import ast
import contextlib
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.kernel.whole.parameters import (
    NoDefault,
    Parameter,
    fault_error,
    python_parameters,
    schema_of,
    signature_of,
)
from jupyter_faas.kernel.whole.r_parameters import r_parameters
from jupyter_faas.kernel.whole.types import UnknownType, type_in, type_of


def faults_of(read: Any, source: str) -> list[tuple[int, str]]:
    with pytest.raises(ValueError) as caught:
        read(source)
    faults: list[tuple[int, str]] = caught.value.args[0]
    return faults


def one(source: str) -> Parameter:
    (parameter,) = python_parameters(source)
    return parameter


@pytest.mark.parametrize(
    ("source", "shown", "default", "described"),
    [
        ("n: int | None = None  # how many", "int | None", None, "how many"),
        ("n = 5  # type: int | None  How many", "int | None", 5, "How many"),
        ("n = 5  # type: Optional[int] help: rows", "Optional[int]", 5, "rows"),
        ("c = '#fff'  # the colour '#'", "str", "#fff", "the colour '#'"),
        ("kind: Literal['x', 'y'] = 'x'", "Literal['x', 'y']", "x", ""),
        ("kind = 'x'  # type: Literal['x', '#'] which", "Literal['x', '#']", "x", "which"),
        ("t: 'typing.Optional[int]' = 1", "Optional[int]", 1, ""),
        ("a = 1", "int | float", 1, ""),
        ("a = -0.5  # level", "int | float", -0.5, "level"),
        ("a = True", "bool", True, ""),
        ("a = None  # anything", "Any", None, "anything"),
        ("a = [\n  1,  # one\n]  # all", "list", [1], "all"),
        ("a: dict[str, float] = {'k': 1.0}", "dict[str, float]", {"k": 1.0}, ""),
        ("a = today()  # type: str", "str", NoDefault, ""),
        ("a = 1  # type: ignore", "int | float", 1, ""),
        ("a = b'x'", "Any", NoDefault, ""),
    ],
)
def test_reading(source: str, shown: str, default: Any, described: str) -> None:
    parameter = one(source)
    assert (parameter.type.shown, parameter.default, parameter.help) == (shown, default, described)
    assert not parameter.required


def test_without_a_value_it_is_required() -> None:
    parameters = python_parameters(
        "import typing\nfrom typing import Literal\n'a text'\n# more\nx: int\ny = 2"
    )
    assert [(each.name, each.required) for each in parameters] == [("x", True), ("y", False)]
    schema = schema_of(parameters)
    assert schema["required"] == ["x"]
    assert schema["properties"]["hide_input"]["x-faas-query"] is True
    assert signature_of("f", parameters) == "f(x: int, y: int | float = 2)"


def test_each_line_that_is_no_assignment_is_named() -> None:
    source = "import os\nx = 1\na.b = 2\nx, y = 1, 2\nfor i in x: pass\nz: datetime = 1\n%matplotlib inline"
    assert faults_of(python_parameters, source)[0][0] == 7  # it isn't Python at all
    found = faults_of(python_parameters, source.rpartition("\n")[0])
    assert [line for line, _ in found] == [1, 3, 4, 5, 6]
    assert "`import os` is no plain assignment" in found[0][1]
    assert "'datetime' is none that a call can give" in found[-1][1]
    error = fault_error(4, found)
    assert "(cell 4)" in error.detail
    assert "- line 3: `a.b = 2`" in error.detail


def test_a_name_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="rename yours"):
        schema_of(python_parameters("hide_input = True"))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "int if 1 else str",
        "os.system",
        "(lambda: int)()",
        "list[__import__('os')]",
        "int[str]",
        "Literal[open('x')]",
        "typing.__builtins__",
        "[int]",
        "1",
        "str.mro()",
    ],
)
def test_a_type_is_looked_up_and_never_run(text: str) -> None:
    with pytest.raises(UnknownType):
        type_of(ast.parse(text, mode="eval").body)


def test_a_comment_that_begins_with_no_type() -> None:
    with pytest.raises(UnknownType, match="begins with no type"):
        type_in("type: Foo what it is")


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
LITERALS = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)


@given(LITERALS, st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])).map(str.strip))
def test_what_is_written_is_what_is_read(value: Any, comment: str) -> None:
    comment = comment.lstrip("#").strip()
    if comment.startswith(("type:", "help:")):
        return
    parameter = one(f"x = {value!r}  # {comment}")
    assert parameter.default == value
    assert parameter.help == comment
    schema = schema_of([parameter])
    jsonschema_rs.Draft202012Validator(schema).validate({"x": value})  # a default fits its own schema


@given(st.text())
def test_any_text_is_read_or_refused(source: str) -> None:
    for read in (python_parameters, r_parameters):
        with contextlib.suppress(ValueError):
            assert all(each.name for each in read(source))


def test_r() -> None:
    source = (
        "# what to show\n"
        "rows <- 10L  # type: integer How many\n"
        'title = "a # \\"b\\"" # help: the title\n'
        "v <- c(1, 2,  # one\n       3) # a vector\n"
        "on <- TRUE; \n"
        "when <- Sys.Date()\n"
        "n.a <- NULL"
    )
    found = {each.name: each for each in r_parameters(source)}
    assert list(found) == ["rows", "title", "v", "on", "when", "n.a"]
    assert (found["rows"].type.shown, found["rows"].default, found["rows"].help) == ("int", 10, "How many")
    assert (found["title"].default, found["title"].help) == ('a # "b"', "the title")
    assert (found["v"].default, found["v"].line) == ([1, 2, 3], 4)
    assert found["on"].type.shown == "bool"
    assert (found["when"].default, found["when"].type.shown) == (NoDefault, "Any")
    assert found["n.a"].default is None
    assert [line for line, _ in faults_of(r_parameters, "x <- 1\nlibrary(dplyr)\nf(x) <- 2")] == [2, 3]
    assert "no type 'date'" in faults_of(r_parameters, "x <- 1 # type: date When")[0][1]
