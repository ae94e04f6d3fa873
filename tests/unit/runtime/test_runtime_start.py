"""How a function starts, and how it fails to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from tests.unit.runtime.runtime_instance import instance, make_root


def failed(source: str, **manifest: Any) -> dict[str, Any]:
    """The outcome of starting this function."""
    with instance(source, ready=False, manifest=manifest) as running:
        outcome = running.expect(Kind.FAILED).header
        assert running.quiet(0.05)
        return outcome


def test_an_exception_at_import() -> None:
    segments = [{"line": 1, "count": 5, "cell": "In[2]", "cell_line": 2}]
    outcome = failed("x = 1\nimport not_there\ndef f(): pass", segments=segments)
    assert outcome["code"] == "init-error"
    assert outcome["detail"] == "ModuleNotFoundError: No module named 'not_there' (cell In[2], line 3)"
    figures = outcome["figures"]
    assert [frame["text"] for frame in figures["traceback"]] == ["import not_there"]


@pytest.mark.parametrize(
    ("source", "exception"),
    [
        ("import sys\nsys.exit('bye')", "SystemExit"),
        ("def f(:", "SyntaxError"),
        ("x = 1", "AttributeError"),
        ("f = 1", "TypeError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_whatever_stops_the_import_is_an_init_error(source: str, exception: str) -> None:
    outcome = failed(source)
    assert outcome["code"] == "init-error"
    figures = outcome["figures"]
    assert figures["exception"] == exception
    if exception == "SyntaxError":
        assert figures["traceback"][0]["line"] == 1
        assert "handler.py, line 1" in str(outcome["detail"])


def test_a_crash_at_import() -> None:
    outcome = failed("import os\nprint('so far')\nos._exit(4)")
    assert outcome["code"] == "crashed"
    assert outcome["figures"] == {"exit_status": 4}


def test_a_child_forked_at_import_does_not_become_a_worker() -> None:
    with instance("import os\nos.fork()\ndef f(): return 1") as running:
        assert running.quiet(0.1)
        assert running.value() == 1


SELF = """
import os, sys, pickle, inspect, json
import local_module
def f():
    import not_shadowed
    return {
        "module": __name__,
        "loaded": sys.modules["handler"].f is f,
        "pickled": pickle.loads(pickle.dumps(f)) is f,
        "source": inspect.getsource(f).splitlines()[0],
        "local": local_module.VALUE,
        "package": not_shadowed.VALUE,
        "runtime": [path for path in sys.path if path.endswith("/faas")],
        "annotations": f.__annotations__,
        "stdin": sys.stdin.read(),
    }
"""


def test_the_module_is_an_ordinary_one(tmp_path: Path) -> None:
    root = make_root(tmp_path, SELF)
    (root / "function" / "local_module.py").write_text("VALUE = 'mine'")
    (root / "packages" / "extra").mkdir()
    (root / "packages" / "extra" / "not_shadowed.py").write_text("VALUE = 'by a .pth file'")
    (root / "packages" / "extra.pth").write_text("extra\n")
    with instance(SELF, root=root) as running:
        value = running.value()
    assert value == {
        "module": "handler",
        "loaded": True,
        "pickled": True,
        "source": "def f():",
        "local": "mine",
        "package": "by a .pth file",
        "runtime": [],
        "annotations": {},
        "stdin": "",
    }


def test_packages_of_the_function_win_over_those_of_the_base(tmp_path: Path) -> None:
    source = "import numpy\ndef f(): return numpy.__file__"
    root = make_root(tmp_path, source)
    (root / "packages" / "numpy.py").write_text("")
    with instance(source, root=root) as running:
        assert running.value() == str(root / "packages" / "numpy.py")
