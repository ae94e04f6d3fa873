"""Data of the notebook goes along by value, and what can't is refused by name and kind."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import AnnotationError, CaptureError
from tests.unit.kernel.notebook import Notebook


def refusal(notebook: Notebook, body: str, line: str = "") -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        notebook.capture(body, line)
    return caught.value


def warnings(notebook: Notebook, body: str, line: str = "") -> str:
    return "\n".join(notebook.capture(body, line).receipt.warnings)


@pytest.mark.parametrize(
    ("made", "used", "result"),
    [
        ("import numpy as np\nx = np.arange(6).reshape(2, 3)", "x.sum(axis=1).tolist()", [3, 12]),
        ("import numpy as np\nx = np.float64(2)", "[type(x).__name__, float(x)]", ["float64", 2.0]),
        ("import pandas as pd\nx = pd.DataFrame({'a': [1, 2]})", "int(x.a.sum())", 3),
        ("x = list(range(5000))", "len(x)", 5000),
        ("x = 'y' * 9000", "len(x)", 9000),
        ("x = 10 ** 5000", "x == 10 ** 5000", True),
        ("x = [1]\nx.append(x)", "x[1] is x", True),
        ("x = object()", "type(x).__name__", "object"),
        ("from collections import Counter\nx = Counter('hello')", "x.most_common(1)", [["l", 2]]),
        ("from statistics import NormalDist\nx = NormalDist(1, 2)", "x.mean", 1.0),
        ("from datetime import date\nx = {'d': date(2024, 1, 2)}", "x['d'].isoformat()", "2024-01-02"),
        ("import io\nx = io.BytesIO(b'abc')", "x.getvalue().decode()", "abc"),
        ("from pathlib import Path\nx = Path('a/b')", "x.name", "b"),
        ("é = {1: {2, object}}", "len(é)", 1),
    ],
)
def test_round_trip(notebook: Notebook, made: str, used: str, result: Any) -> None:
    notebook.run(made)
    assert notebook.publish_and_call(f"def f():\n    return {used}") == result


def test_the_manifest_and_the_receipt_describe_it(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\ntable = pd.DataFrame({'a': [1.5, 2]})")
    notebook.run("def helper():\n    return table")
    captured = notebook.capture("def f():\n    return len(helper()) + len(table)")
    manifest = captured.bundle.manifest
    (value,) = manifest.values
    content = captured.bundle.files["values/table.pickle"]
    assert (value.name, value.type) == ("table", "pandas.DataFrame")
    assert (value.file, value.size_bytes) == ("values/table.pickle", len(content))
    assert value.sha256 == hashlib.sha256(content).hexdigest()
    # Where pyarrow is installed, pandas keeps column names in it, and it is among them.
    assert set(value.versions) >= {f"numpy=={np.__version__}", f"pandas=={pd.__version__}"}
    assert {f"numpy=={np.__version__}", f"pandas=={pd.__version__}"} <= set(manifest.requirements)
    assert content[:2] == b"\x80\x05", "protocol 5"
    (name,) = (name for name in captured.receipt.names if name.name == "table")
    assert name.kind == "value"
    assert name.where.startswith("pandas.DataFrame (")
    assert name.where.endswith("used by f, helper")
    assert any(package.why == "value table" for package in captured.receipt.packages)


def test_values_of_the_standard_library_need_no_packages(notebook: Notebook) -> None:
    notebook.run("from collections import deque\nx = deque([1])")
    manifest = notebook.capture("def f():\n    return list(x)").bundle.manifest
    assert (manifest.requirements, manifest.values[0].versions) == ((), ())


def test_the_same_values_are_the_same_function(notebook: Notebook) -> None:
    body = "def f():\n    return len(x)"
    notebook.run("import numpy as np\nx = np.arange(9)")
    first = notebook.capture(body).bundle.identity
    notebook.run("x = np.arange(9)")
    assert notebook.capture(body).bundle.identity == first
    notebook.run("x[3] = 0")
    assert notebook.capture(body).bundle.identity != first


def test_objects_of_the_notebooks_classes(notebook: Notebook) -> None:
    notebook.run(
        "OFFSET = 2\ndef shift(v):\n    return v + OFFSET",
        "class Base:\n    def go(self): return shift(self.n)\n"
        "    def __setstate__(self, state): self.__dict__ = {**state, 'again': shift(0)}",
        "class Model(Base):\n    class Kind:\n        pass\n    def __init__(self, n): self.n = n\n"
        "    def size(self): return len(models)",
        "import functools\nmodels = [Model(3), Model.Kind(), functools.partial(shift, 5)]",
    )
    body = (
        "def f():\n    m, kind, p = models\n    return [m.go(), m.again, p(), m.size(), type(kind).__name__]"
    )
    assert notebook.publish_and_call(body) == [5, 2, 7, 3, "Kind"]


def test_two_names_of_one_object_stay_one(notebook: Notebook) -> None:
    notebook.run("import array\na = b = array.array('i', [1])")
    captured = notebook.capture("def f():\n    b.append(2)\n    return [list(a), a is b]")
    assert notebook.call(captured.bundle) == [[1, 2], True]
    assert len(captured.bundle.manifest.values) == 1


def test_a_value_used_while_defining(notebook: Notebook) -> None:
    notebook.run("import array\nsizes = array.array('i', [7])", "def helper(n=sizes[0]):\n    return n")
    assert notebook.publish_and_call("def f():\n    return helper()") == 7


@pytest.mark.parametrize(
    ("made", "advice"),
    [
        ("x = open('/dev/null')", "open it inside the function"),
        ("import tempfile\nx = tempfile.NamedTemporaryFile()", "open it inside the function"),
        ("import socket\nx = socket.socket()", "connect inside the function"),
        ("import sqlite3\nx = sqlite3.connect(':memory:')", "freeze the rows"),
        ("import sqlite3\nx = sqlite3.connect(':memory:').cursor()", "freeze the rows"),
        ("import threading\nx = threading.Thread()", "start it inside"),
        ("import threading\nx = threading.Lock()", "one call at a time"),
        ("import threading\nx = threading.Event()", "one call at a time"),
        ("import queue\nx = queue.Queue()", "make it inside"),
        ("import concurrent.futures\nx = concurrent.futures.ThreadPoolExecutor()", "start it inside"),
        ("x = (i for i in [1])", "freeze list(…) of it"),
        ("async def co(): pass\nx = co(); y = x.close()", "await it inside"),
        ("import subprocess\nx = subprocess.Popen('true'); y = x.wait()", "start it inside"),
        ("import mmap\nx = mmap.mmap(-1, 10)", "copy it"),
        ("x = memoryview(b'abc')", "copy it"),
        ("import ctypes\nx = ctypes.CDLL(None)", "load the library inside"),
        ("import weakref\nclass C: pass\nc = C()\nx = weakref.ref(c)", "refer to the object itself"),
        ("x = get_ipython()", "no kernel in a function"),
        ("x = type('ndarray', (), {'__module__': 'cupy'})()", "move it to the CPU first"),  # no GPU here
    ],
)
def test_what_belongs_to_this_process_is_refused(notebook: Notebook, made: str, advice: str) -> None:
    notebook.run(made)
    error = refusal(notebook, "def f():\n    return x")
    assert advice in error.detail
    assert "made in cell In[1], line " in error.detail
    notebook.run("x = {'deep': [x]}")
    error = refusal(notebook, "def f():\n    return x")
    assert "it holds something that is" in error.detail
    assert advice in error.detail
    assert error.figures["names"][0]["type"] == "dict"


def test_what_pickle_refuses_is_refused_in_words(notebook: Notebook) -> None:
    notebook.run("exec('x = [lambda: 1]')")
    assert "it was made of a text (<string>)" in refusal(notebook, "def f():\n    return x").detail
    notebook.run("def make(wrap):\n    @wrap\n    class C: pass\n    return C()\nx = make(lambda c: c)")
    assert "it was made inside make()" in refusal(notebook, "def f():\n    return x").detail
    notebook.run("class D: pass\nx = D()", "class D: pass")
    assert "has been defined again" in refusal(notebook, "def f():\n    return x").detail
    notebook.run("class E:\n    def __reduce__(self): raise ValueError('not me')\nx = E()")
    assert "not me" in refusal(notebook, "def f():\n    return x").detail
    notebook.run("x = []\nfor _ in range(100000): x = [x]")
    assert "nested too deeply" in refusal(notebook, "def f():\n    return x").detail


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("import logging\nx = logging.StreamHandler()", "it holds something that is a lock"),
        ("import argparse\nx = argparse.ArgumentParser()", "it holds identity, made inside ArgumentParser"),
    ],
)
def test_what_is_deep_in_an_object_of_a_library_is_no_ones_to_take_out(
    notebook: Notebook, made: str, reason: str
) -> None:
    notebook.run(made)
    detail = refusal(notebook, "def f():\n    return x").detail
    assert reason in detail
    assert "make it inside the function, or carry the code that makes it (--recompute)" in detail


def test_limits(notebook: Notebook) -> None:
    notebook.run("import numpy as np, pandas as pd\na = np.zeros(1000)\nb = np.zeros(1000)")
    error = refusal(notebook, "def f():\n    return a", "--value-size 7KB")
    assert "it takes 8 KB; the limit is 7 KB (--value-size)" in error.detail
    error = refusal(notebook, "def f():\n    return [a, b]", "--values-total 12KB")
    assert "--values-total" in error.detail
    assert notebook.publish_and_call("def f():\n    return len(a) + len(b)", "--value-size 9KB") == 2000
    notebook.run("a = pd.DataFrame({'x': range(1000)})")
    assert "it takes 8 KB" in refusal(notebook, "def f():\n    return a", "--value-size 7KB").detail
    notebook.run("a = {i: str(i) for i in range(5000)}")
    assert "at least" in refusal(notebook, "def f():\n    return a", "--value-size 7KB").detail
    with pytest.raises(AnnotationError, match=r"--value-size: .*size"):
        notebook.capture("def f(): pass", "--value-size many")


def test_a_large_array_is_not_copied_to_find_out(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nx = [np.zeros(2 * 10**9 // 8)]  # never touched: takes no memory")
    assert "(--value-size)" in refusal(notebook, "def f():\n    return x").detail


@pytest.mark.parametrize("kind", ["python", "package", "missing", "file"])
def test_another_version_does_not_load(notebook: Notebook, kind: str) -> None:
    notebook.run("import numpy as np\nx = np.arange(3)")
    bundle = notebook.capture("def f():\n    return x.tolist()").bundle
    (value,) = bundle.manifest.values
    changes: dict[str, dict[str, Any]] = {
        "python": {"python": "3.7"},
        "package": {"versions": ("numpy==0.1",)},
        "missing": {"versions": ("not-there-at-all==1",)},
        "file": {},
    }
    manifest = bundle.manifest.model_copy(update={"values": (value.model_copy(update=changes[kind]),)})
    files = dict(bundle.files)
    if kind == "file":
        files[value.file] = pickle.dumps(print)[:-3]
    done = notebook.run_bundle(Bundle(manifest, files))
    assert done.returncode
    words = {
        "python": "was made with Python 3.7, but this image has 3.",
        "package": f"was made with numpy 0.1, but this image has {np.__version__}",
        "missing": "was made with not-there-at-all 1, but this image has none",
        "file": "can't be loaded. ",
    }
    assert f"ValueMismatch: The frozen value x (numpy.ndarray) {words[kind]}" in done.stderr


def test_a_package_in_a_version_that_can_not_load_it_is_refused(notebook: Notebook) -> None:
    notebook.run("from packaging.version import Version\nx = Version('2')")
    body = "def f():\n    return x.major"
    error = refusal(notebook, body, "--require packaging==20.0")
    assert "packaging==20.0 (--require) couldn't load it" in error.detail
    assert notebook.publish_and_call(body, "--require 'packaging>=20.0'") == 2
    assert notebook.publish_and_call(body, "--require packaging==20.0 --recompute x") == 2


def test_freeze_takes_the_value_instead_of_the_source(notebook: Notebook) -> None:
    notebook.run("import functools\nN = 3\npart = functools.partial(int, base=2)")
    captured = notebook.capture("def f():\n    return [N, part('11')]", "--freeze N --freeze part")
    assert [value.name for value in captured.bundle.manifest.values] == ["N", "part"]
    assert notebook.call(captured.bundle) == [3, 3]
    assert "--freeze is for data" in refusal(notebook, "def f():\n    return f", "--freeze f").detail
    with pytest.raises(AnnotationError, match="--freeze M: f doesn't use M"):
        notebook.capture("def f():\n    return N", "--freeze M")
    with pytest.raises(AnnotationError, match="both frozen and recomputed"):
        notebook.capture("def f():\n    return N", "--freeze N --recompute N")


def test_recompute_carries_the_code_that_made_it(notebook: Notebook) -> None:
    notebook.run(
        "import collections, threading\nWORDS = 'a b a'",
        "def split(text):\n    return text.split()",
        "print('not carried')\nlocks = {'x': threading.Lock()}; y = 1\ny\n"
        "for word in split(WORDS):\n    locks[word] = threading.Lock()\nlocks.pop('x')\ncount = len(locks)",
    )
    captured = notebook.capture("def f():\n    return sorted(locks)", "--recompute locks")
    assert notebook.call(captured.bundle) == ["a", "b"]
    source = captured.bundle.files["handler.py"].decode()
    assert "not carried" not in source
    assert "count" not in source
    (name,) = (name for name in captured.receipt.names if name.name == "locks")
    assert (name.kind, name.where) == ("recomputed", "cell In[3], line 2")
    lines = source.split("\n")
    (segment,) = (s for s in captured.bundle.manifest.segments if s.cell == "In[3]")
    at = lines.index("locks.pop('x')") + 1 - segment.line + segment.cell_line
    assert at == 6, "lines lead back to the cell"


def test_recompute_with_a_file_that_the_statement_opens(notebook: Notebook) -> None:
    notebook.run(
        "with open('/dev/null') as file:\n    content = file.read()\n    table = [content, object()]"
    )
    assert notebook.publish_and_call("def f():\n    return len(table)", "--recompute table") == 2


def test_recompute_says_why_it_can_not(notebook: Notebook) -> None:
    notebook.run("x = [1]", "x = x + [2]", "a, b = [1], [2]", "exec('z = 1')")
    assert "goes on from an earlier x" in refusal(notebook, "def f(): return x", "--recompute x").detail
    error = refusal(notebook, "def f(): return [a, b]", "--recompute a")
    assert "its cell also makes b" in error.detail
    assert notebook.publish_and_call("def f(): return a", "--recompute a") == [1]
    assert "no cell that assigns it" in refusal(notebook, "def f(): return z", "--recompute z").detail
    notebook.run("def g(): return 1\nimport math")
    for name in ("g", "math"):
        error = refusal(notebook, f"def f(): return {name}", f"--recompute {name}")
        assert "--recompute is for data and classes" in error.detail


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ("seen['k'] = 1", "[…]"),
        ("seen.update(a=1)", "update()"),
        ("del seen['k']", "[…]"),
        ("seen['a']['b'] += 1", "[…]"),
        ("seen['a'].append(1)", "append()"),
        ("seen.field = 1", ".field"),
        ("seen.sort_values('a', inplace=True)", "sort_values()"),
    ],
)
def test_changing_a_global_is_warned_of(notebook: Notebook, statement: str, how: str) -> None:
    for made in ("seen = {}", "import collections\nseen = collections.OrderedDict()"):
        notebook.run(made)
        text = warnings(notebook, f"def f(x: int):\n    {statement}\n    return x")
        assert f"f changes seen ({how}) when it is called" in text
    assert "changes" not in warnings(
        notebook, "def f(x: int):\n    y = dict(seen)\n    y.update()\n    return y"
    )
