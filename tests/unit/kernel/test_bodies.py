"""A cell without a ``def`` as a function of its inputs."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.kernel.annotation import parse_annotation
from jupyter_faas.kernel.bodies import function_of_body, parameters_of
from jupyter_faas.kernel.cells import Cell
from jupyter_faas.kernel.flow import events
from jupyter_faas.model.errors import AnnotationError
from tests.unit.kernel.notebook import Notebook


@pytest.mark.parametrize(
    ("text", "name", "default"),
    [
        ("r", "r", None),
        ("r: float = 1.0", "r", "1.0"),
        ("xs: list[int] | None = None", "xs", "None"),
        ("mode: Literal['#fff', 'b'] = '#fff'", "mode", "'#fff'"),
    ],
)
def test_inputs(text: str, name: str, default: str | None) -> None:
    (parameter,) = parameters_of([text])
    assert (parameter.name, parameter.default) == (name, default)


@pytest.mark.parametrize(
    "text",
    ["", "1", "a, b", "*a", "**a", "a, /", "*, a", "r: float =", "a): return 1\ndef _(a", "class"],
)
def test_what_is_no_input(text: str) -> None:
    with pytest.raises(AnnotationError, match="--input"):
        parameters_of([text])


@given(st.text(max_size=30))
def test_an_input_is_one_parameter_or_refused(text: str) -> None:
    try:
        (parameter,) = parameters_of([text])
    except AnnotationError:
        return
    (function,) = ast.parse(f"def f({parameter.text}): pass").body
    assert isinstance(function, ast.FunctionDef)
    assert [one.arg for one in function.args.args] == [parameter.name]


def test_an_input_given_twice() -> None:
    with pytest.raises(AnnotationError, match="given twice"):
        parameters_of(["r", "r: int = 1"])


def test_one_output_is_the_value(notebook: Notebook) -> None:
    notebook.run("import math\ndef helper(x):\n    return x + 1")
    body = "area = math.pi * helper(r) ** 2\narea"
    line = 'area --input "r: float = 1.0" --output area'
    found = notebook.capture(body, line)
    assert found.bundle.manifest.entry == "area"
    assert found.bundle.manifest.input_schema["properties"] == {"r": {"type": "number", "default": 1.0}}
    assert notebook.shell.user_ns["r"] == 1.0
    assert notebook.call(found.bundle) == pytest.approx(12.566, abs=1e-3)
    assert notebook.call(found.bundle, r=0) == pytest.approx(3.1416, abs=1e-3)


def test_live_values_are_kept(notebook: Notebook) -> None:
    notebook.run("r = 5")
    notebook.capture("y = r * 2", '--input "r: int = 1" --output y')
    assert notebook.shell.user_ns["y"] == 10


def test_what_the_cell_defines_is_its_own(notebook: Notebook) -> None:
    body = (
        '"""Adds up."""\n'
        "import math\n"
        "def inner(v):\n"
        "    return v * step\n"
        "class Kind:\n"
        "    size = step\n"
        "total = sum(inner(v) for v in values)\n"
        "kind = [Kind.size for _ in range(2)]\n"
        'text = f"""{total}\n'
        '  indented"""\n'
        "if (n := len(values)) > 1:\n"
        "    total += n\n"
    )
    inputs = '--input "values: list[float]" --input "step: int = 2"'
    line = f"adds {inputs} --output total --output kind --output text"
    notebook.run("values = [1]")
    found = notebook.capture(body, line)
    assert found.bundle.manifest.doc == "Adds up."
    assert notebook.call(found.bundle, values=[1, 2]) == {
        "total": 8,
        "kind": [2, 2],
        "text": "6\n  indented",
    }


def test_lines_are_those_of_the_cell(notebook: Notebook) -> None:
    found = notebook.capture("\n# first\ny = x\nz = 1", '--input "x=1" --output z')
    (segment,) = found.bundle.manifest.segments
    lines = found.bundle.files["handler.py"].decode().splitlines()
    assert lines[segment.line - 2] == "def z(x=1):"
    assert lines[segment.line - 1] == "    # first"
    assert segment.cell_line == 3  # after the magic and an empty line
    assert lines[segment.line - 1 + segment.count] == "    return z"


def test_a_helper_of_the_same_name(notebook: Notebook) -> None:
    notebook.run("def area(r):\n    return r * r")
    assert notebook.publish_and_call("result = area(3)", "area --output result") == 9


def test_inputs_without_defaults_may_follow_others(notebook: Notebook) -> None:
    notebook.run("b = 1")
    assert notebook.publish_and_call("y = a - b", "--input a=5 --input b --output y", b=2) == 3


@pytest.mark.parametrize(
    ("line", "body", "says"),
    [
        ("--output z", "y = 1", "--output z: the cell never assigns z. It assigns y."),
        ("--output z", "print(1)", "It assigns nothing."),
        ("--input x", "y = x", "--input needs an --output"),
        ("--input x=1 --output y --entry f", "def f(): pass\ny = x", "give one of both"),
        ("--input 1x --output y", "y = 1", "'1x' is no parameter: write a name"),
        ("--input x=1 --output y", "y = 1", "--input x: the cell never uses x"),
        ("--input x=1 --output y", "x = 2\ny = x", "line 2 assigns x before it is read"),
        ("--input x --output y", "y = x", "this kernel has no x"),
        ("--output y --output z", "y = z = 1", "several outputs needs a name"),
        ("--output y", "y = 1\nreturn y", "line 3: a cell has no return"),
        ("--output y", "for y in [1]:\n    yield y", "line 3: a cell has no return or yield"),
        ("--output y", "from math import *\ny = pi", "line 2: import *"),
        ("--output y", "global y\ny = 1", "line 2: global has no meaning"),
        ("--output y", "y = 1\n%time 2", "line 3: IPython's own syntax"),
        ("--output total", "total = total + 1", "line 2 reads total before the cell assigns it"),
        ("--output n", "n += 1", "line 2 reads n before"),
    ],
)
def test_what_cannot_be_a_body(notebook: Notebook, line: str, body: str, says: str) -> None:
    notebook.run("total = n = 1")
    error = notebook.run_failing(f"%%publish --dry-run {line}\n{body}")
    assert isinstance(error, AnnotationError)
    assert says in error.detail


def test_the_order_of_events() -> None:
    source = (
        "a = b\n"
        "for c in d: e += 1\n"
        "[f for f in g if h]\n"
        "class K(l):\n    m = n\n    o = m\n"
        "try:\n    pass\nexcept p as q:\n    pass\n"
        "match r:\n    case [s, *t]:\n        pass\n"
        "def u(v=w):\n    return x\n"
        "z: int = y\n"
    )
    happened = [(event.name, event.writes) for event in events(ast.parse(source).body)]
    expected = "b a= d c= e e= g h l n K= p q= r s= t= w u= y z="
    assert happened == [(word.rstrip("="), word.endswith("=")) for word in expected.split()]


@given(st.lists(st.text(alphabet="ab \n\t'\\", max_size=12), min_size=1, max_size=4))
def test_texts_keep_their_lines(texts: list[str]) -> None:
    quoted = [text.replace("\\", "\\\\").replace("'", "\\'") for text in texts]
    source = "\n".join(f"t{index} = '''{text}'''" for index, text in enumerate(quoted)) + "\nout = t0"
    made = function_of_body(Cell("1", 1, source), parse_annotation("f --output out"), lazy=False)
    scope: dict[str, object] = {}
    exec(f"{made.header}\n{made.text}\n{made.footer}\nresult = f()", scope)
    assert scope["result"] == texts[0]
