"""Functions that no top-level def gives back: made inside others, wrapped, held by data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.unit.kernel.notebook import Notebook

MADE = [
    pytest.param(
        "def make(n):\n    def inner(v): return v * n\n    return inner\nx = make(3)", [6, 6], id="closure"
    ),
    pytest.param("def make(n): return lambda v: v * n\nx = make(3); y = make(4)", [6, 6], id="lambda"),
    pytest.param("a, x = (lambda v: v), (lambda v: v + 1)", [3, 3], id="two lambdas on a line"),
    pytest.param(
        "def make(n):\n    def fact(v): return 1 if v < 1 else v * fact(v - 1)\n    return fact\nx = make(0)",
        [2, 2],
        id="recursive",
    ),
    pytest.param("import functools\nx = functools.partial(int.__add__, 5)", [7, 7], id="partial"),
    pytest.param(
        "import functools\ndef g(a, b): return a - b\nx = functools.partial(g, b=10)",
        [-8, -8],
        id="partial def",
    ),
    pytest.param(
        "import functools\nx = functools.partial(lambda a, b: a - b, 10)", [8, 8], id="partial lambda"
    ),
    pytest.param(
        "class C:\n    def __init__(self): self.n = 5\n    def m(self, v): return v + self.n\nx = C().m",
        [7, 7],
        id="bound method",
    ),
    pytest.param(
        "def make():\n    count = 0\n    def inner(v):\n        nonlocal count\n        count += v\n"
        "        return count\n    return inner\nx = make()\nx(1)",
        [3, 5],
        id="state",
    ),
    pytest.param("def x(v): return x.calls + v\nx.calls = 40", [42, 42], id="attributes"),
    pytest.param(
        "import functools\ndef x(v):\n    return 1 if v < 1 else v * x(v - 1)\nx = functools.lru_cache(x)",
        [2, 2],
        id="cached since",
    ),
    pytest.param(
        "def memo(f):\n    seen = {}\n    def inner(v):\n        if v not in seen: seen[v] = f(v)\n"
        "        return seen[v]\n    return inner\ndef slow(v): return v + 1\nx = memo(slow)",
        [3, 3],
        id="memo",
    ),
    pytest.param(
        "def deco(f):\n    return lambda v: f(v) + 1\ndef x(v): return v\nx = deco(x)",
        [3, 3],
        id="wrapped since",
    ),
    pytest.param("def old(v): return v + 1\nx = old\ndef old(v): return 0", [3, 3], id="older"),
    pytest.param(
        "K = 5\ndef x(v, a=K,\n      b=[1,\n         2], *, c=K): return a + v + len(b) + c\nK = 6",
        [14, 14],
        id="default changed",
    ),
    pytest.param(
        "import functools\n@functools.singledispatch\ndef x(a): return 'any'\n"
        "@x.register\ndef _(a: int): return a + 1\n@x.register(str)\ndef _(a): return a",
        [3, 3],
        id="singledispatch",
    ),
    pytest.param(
        "ops = {'inc': lambda v: v + 1, 'dec': lambda v: v - 1}\nx = lambda v: ops['inc'](v)",
        [3, 3],
        id="table",
    ),
    pytest.param(
        "from collections import defaultdict\nd = defaultdict(lambda: 7)\nx = lambda v: d[v]",
        [7, 7],
        id="factory",
    ),
    pytest.param(
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n"
        "    return inner\ndef g(v):\n    'doc'\n    return v\nx = deco(g)",
        [2, 2],
        id="wraps",
    ),
    pytest.param(
        "class C:\n    def m(self, v): return v + 1\nx = C.m\nx = (lambda m: lambda v: m(0, v))(x)",
        [3, 3],
        id="method",
    ),
    pytest.param(
        "import operator\nx = operator.itemgetter(0)\nx = (lambda g: lambda v: g([v]))(x)",
        [2, 2],
        id="itemgetter",
    ),
    pytest.param(
        "def make():\n    text = '''\nno indent'''\n    def inner(v):\n"
        "        '''\nno indent'''\n        return len(text) + v\n"
        "    return inner\nx = make()",
        [12, 12],
        id="texts",
    ),
    pytest.param(
        "def make():\n    def even(n): return n == 0 or odd(n - 1)\n"
        "    def odd(n): return n != 0 and even(n - 1)\n"
        "    return even, odd\ne, o = make()\nx = lambda v: [e(v), o(v), e(3), o(3)]",
        [[True, False, False, True]] * 2,
        id="two that call each other",
    ),
    pytest.param(
        "def make(k):\n    def a(n): return [n] if n <= 0 else b(n - k)\n    def b(n): return c(n)\n"
        "    c = lambda n: a(n)\n    return c\nx = make(1)",
        [[0], [0]],
        id="three in a ring",
    ),
    pytest.param(
        "def make():\n    n = 10\n    def inc(v):\n        nonlocal n\n        n += v\n"
        "    def get(): return n\n"
        "    return inc, get\ninc, get = make()\nother, _ = make()\ninc(5)\n"
        "def x(v):\n    inc(v)\n    other(v)\n    return get()",
        [17, 19],
        id="a shared variable",
    ),
    pytest.param(
        "def make():\n    seen = []\n    def add(v): seen.append(v)\n    def count(): return len(seen)\n"
        "    return add, count\nadd, count = make()\nadd(1)\ndef x(v):\n    add(v)\n    return count()",
        [2, 3],
        id="a shared list",
    ),
    pytest.param(
        "def make():\n    table = {}\n    def run(v): return v if v < 1 else table['run'](v - 1)\n"
        "    table['run'] = run\n    return run\nx = make()",
        [0, 0],
        id="through a table",
    ),
    pytest.param(
        "def make():\n    n = 0\n    def go(v, *, step=1):\n        'Goes.'\n        nonlocal n\n"
        "        n += step\n"
        "        return go(v - 1) if v else [n, go.__doc__, go.__annotations__, go.tag]\n"
        "    go.tag = 't'\n    return go\nx = make()",
        [[3, "Goes.", {}, "t"], [6, "Goes.", {}, "t"]],
        id="recursive with state",
    ),
]


@pytest.mark.parametrize(("cell", "results"), MADE)
def test_made_again(notebook: Notebook, cell: str, results: list[Any]) -> None:
    notebook.run(cell)
    assert notebook.publish_and_call("def f():\n    return [x(2), x(2)]") == results


def test_one_may_be_the_entry(notebook: Notebook) -> None:
    notebook.run(
        "def make(n):\n    def inner(v: int, w: int = 2):\n        'Times.'\n        return v * n * w\n"
        "    return inner\nx = make(3)"
    )
    captured = notebook.capture("pass", "--entry x")
    manifest = captured.bundle.manifest
    assert (manifest.doc, manifest.input_schema["required"]) == ("Times.", ["v"])
    assert notebook.call(captured.bundle, v=1) == 6
    lines = captured.bundle.files["handler.py"].decode().split("\n")
    (segment,) = manifest.segments
    assert (lines[segment.line - 1].strip(), segment.cell_line) == ("def inner(v: int, w: int = None):", 2)
    names = {one.name: (one.kind, one.where) for one in captured.receipt.names}
    assert names["x"] == ("entry", "cell In[1], line 2")
    assert names["x__n"] == ("constant", "3 (1 B)")


def test_what_they_hold_is_refused_in_words(notebook: Notebook) -> None:
    notebook.run("def make(n):\n    return lambda: n\nx = make(open('/dev/null'))")
    error = notebook.run_failing("%%publish --dry-run\ndef f():\n    return x()")
    assert "n of x (_io.TextIOWrapper), used by x (cell In[1], line 2): it is an open file" in str(error)


def test_a_change_of_what_they_hold_is_warned_of(notebook: Notebook) -> None:
    notebook.run(
        "def make():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n"
        "    return inner\nx = make()"
    )
    (warning,) = notebook.capture("def f():\n    return x()").receipt.warnings
    assert warning.startswith("x changes its n (nonlocal) when it is called: each process of it has a copy")


def test_what_another_notebook_or_a_script_defined(notebook: Notebook, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("K = 2\ndef go(v):\n    return v * K\nclass C:\n    n = 3\n")
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("class D:\n    def m(self): return twice(2)"),
            nbformat.v4.new_markdown_cell("x"),
            nbformat.v4.new_code_cell("def twice(v): return 2 * v"),
        ]
    )
    nbformat.write(book, tmp_path / "book.ipynb")
    notebook.run(f"%run {tmp_path}/script.py", f"%run {tmp_path}/book.ipynb")
    captured = notebook.capture("def f():\n    return [go(1), C.n, D().m()]")
    assert notebook.call(captured.bundle) == [2, 3, 4]
    where = {one.name: one.where for one in captured.receipt.names}
    assert where["twice"] == f"cell 2 of {tmp_path}/book.ipynb, line 1"


def test_functions_that_a_library_makes(notebook: Notebook) -> None:
    notebook.run("import functools\nremember = functools.lru_cache(None)")
    body = "@remember\ndef f():\n    return remember.__name__"
    assert notebook.publish_and_call(body) == "decorating_function"
    notebook.run("n = 2", "sized = functools.lru_cache(n)", "n = 3")
    error = notebook.run_failing("%%publish --dry-run\ndef f():\n    return sized")
    assert "its source isn't known" in str(error)
