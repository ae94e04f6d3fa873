"""What can't be carried is named, all of it at once, before anything is built."""

from __future__ import annotations

import pytest

from jupyter_faas.model.errors import AnnotationError, CaptureError
from tests.unit.kernel.notebook import Notebook


def refusal(notebook: Notebook, body: str, line: str = "") -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        notebook.capture(body, line)
    return caught.value


@pytest.mark.parametrize(
    ("cell", "type_name", "words"),
    [
        ("x = open('/dev/null')", "_io.TextIOWrapper", "open it inside the function"),
        (
            "def make(wrap):\n    @wrap\n    class C: pass\n    return C\nx = [make(lambda c: c)][0]",
            "type",
            "was made inside make(), and keeps nothing of what wrap was there: define it at the top level",
        ),
        ("class A: n = 1\nx = A\nclass A: n = 2", "type", "an older A (cell In[1], line 1)"),
        ("class x: pass\nclass x(x): pass", "type", "an earlier thing of the same name"),
        (
            "from dataclasses import dataclass\nclass x: n: int = 1\nx = dataclass(x)",
            "type",
            "dataclass(…) has completed it (cell In[1], line 3): write that above the class as a decorator",
        ),
        ("exec('def x(): pass')", "function", "define it with def in a cell"),
        ("import jupyter_faas as x", "module", "jupyter_faas itself isn't shipped"),
        ("from IPython.core.magic import register_line_magic as x", "", "take it off what is published"),
        ("import __main__ as x", "module", "the notebook itself"),
    ],
)
def test_values(notebook: Notebook, cell: str, type_name: str, words: str) -> None:
    notebook.run(cell)
    error = refusal(notebook, "def f():\n    return x")
    assert words in error.detail
    (name,) = error.figures["names"]
    assert (name["name"], name["type"]) == ("x", type_name)
    assert "used by f (cell In[2], line 3)" in error.detail


def test_all_are_named_in_one_error(notebook: Notebook) -> None:
    notebook.run("a = open('/dev/null')\nb = (i for i in [])", "def helper():\n    return b")
    error = refusal(notebook, "def f():\n    return [a, helper(), missing]")
    assert [one["name"] for one in error.figures["names"]] == ["a", "b", "missing"]
    assert error.figures["names"][1]["cell"] == "In[1]"
    assert error.detail.splitlines() == [
        "3 things that f uses can't be published:",
        "- a (_io.TextIOWrapper), used by f (cell In[3], line 3); made in cell In[1], line 1: it is an open "
        "file, which can't be frozen: open it inside the function, and add the file with --file.",
        "- b (generator), used by helper (cell In[2], line 2); made in cell In[1], line 2: it is a "
        "generator, which can't be frozen: call the function that makes it inside the function, or "
        "freeze list(…) of it.",
        "- missing (undefined), used by f (cell In[3], line 3): it isn't defined in this kernel: "
        "run its cell first.",
    ]


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("!ls -l", "!ls -l"),
        ("x = !ls", "!ls"),
        ("get_ipython().user_ns", "get_ipython()"),
        ("?sum", "%pinfo sum"),
    ],
)
def test_ipython_syntax(notebook: Notebook, statement: str, text: str) -> None:
    notebook.run(f"def helper():\n    {statement}")
    error = refusal(notebook, "def f():\n    helper()")
    assert error.figures["names"][0]["name"] == text
    assert "in helper (cell In[1], line 2)" in error.detail


@pytest.mark.parametrize("name", ["display", "_", "In", "Out"])
def test_names_of_the_kernel(notebook: Notebook, name: str) -> None:
    notebook.run("1 + 1")
    assert refusal(notebook, f"def f():\n    return {name}").figures["names"][0]["name"] == name


def test_missing_modules(notebook: Notebook) -> None:
    error = refusal(notebook, "def f():\n    import not_there.at_all\n    return 1")
    assert "no such module is installed" in error.detail
    error = refusal(notebook, "def f():\n    from . import x\n    return 1")
    assert "relative import" in error.detail
    error = refusal(notebook, "def f():\n    from jupyter_faas import client\n    return 1")
    assert "jupyter_faas itself isn't shipped" in error.detail
    body = "def f():\n    try:\n        import not_there\n    except ImportError:\n        return 'without'"
    assert notebook.publish_and_call(body) == "without"


def test_a_cell_without_a_function(notebook: Notebook) -> None:
    with pytest.raises(AnnotationError, match="defines no function"):
        notebook.capture("x = 1")
    with pytest.raises(AnnotationError, match=r"The cell defines f\."):
        notebook.capture("def f(): pass", "--entry g")
    with pytest.raises(AnnotationError, match="no longer a function"):
        notebook.capture("def f(): pass\nf = 3")
    with pytest.raises(AnnotationError, match="can't be the name"):
        notebook.capture("def é(): pass")


def test_a_cell_that_raises_is_not_published(notebook: Notebook) -> None:
    error = notebook.run_failing("%%publish\ndef f(): pass\n1/0")
    assert "ZeroDivisionError, so nothing was published" in str(error)
