"""Publishing from source alone: what is known is published as execution would, the rest is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.cli.static import captures
from jupyter_faas.kernel.capture import Capture
from jupyter_faas.model.errors import AnnotationError, CaptureError
from tests.unit.kernel.notebook import open_notebook


def static(*cells: str, only: str | None = None) -> Capture:
    """The one capture of a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    ((_, captured),) = captures(notebook, "work.ipynb", only)
    return captured


def refusal(*cells: str) -> str:
    with pytest.raises(CaptureError) as caught:
        static(*cells)
    return caught.value.detail


HELPERS = (
    "import numpy as np, json\nimport os.path\nfrom typing import Literal, Optional\nimport typing as t\n"
    "K = 3\nNAMES: dict = {'b': [1, -2.5], 'a': None}",
    "def helper(x):\n    return np.sqrt(x) + K\n\ndouble = lambda x: x * 2",
    "%matplotlib inline\n%pip install six\nfiles = !ls\nprint(len(NAMES), json.dumps({}))",
    "class Base:\n    factor = K\n\n@staticmethod\ndef unused(): pass",
    "print(helper(2))",
)
ENTRY = """def f(
    x: float, mode: Literal['#a', "b"] = '#a', *, n: Optional[int] = None, m: t.Any = K, o: 'list[int]' = ()
) -> dict:
    '''What it does.

    Args:
        x: the number
    '''
    import math
    class Sub(Base):
        pass
    return {"y": helper(x) * Sub.factor, "names": NAMES, "z": double(n or math.pi), "p": os.path.sep}"""


def test_the_same_as_with_execution(tmp_path: Path) -> None:
    found = static(*HELPERS, f"%%publish --timeout 5s\n\n{ENTRY}")
    with open_notebook(tmp_path) as notebook:
        notebook.ignore_magics("pip", "matplotlib")
        notebook.run(*HELPERS)
        live = notebook.capture(f"\n{ENTRY}", "--timeout 5s")
    assert found.bundle.files == live.bundle.files
    mine, theirs = found.bundle.manifest, live.bundle.manifest
    for key in ("requirements", "constraints", "caps", "doc", "output_schema", "entry", "name", "python"):
        assert getattr(mine, key) == getattr(theirs, key), key
    assert mine.input_schema == theirs.input_schema
    assert [(one.line, one.count, one.cell_line) for one in mine.segments] == [
        (one.line, one.count, one.cell_line) for one in theirs.segments
    ]
    assert {one.cell for one in mine.segments} == {"2", "4", "6"}
    assert mine.origin.notebook == "work.ipynb"


def test_the_last_definition_wins() -> None:
    found = static(
        "def g():\n    return 1\nK = 1",
        "#| publish\ndef f():\n    return g() + K",
        "def g():\n    return 2\nK = 2",
    )
    handler = found.bundle.files["handler.py"].decode()
    assert "return 2" in handler
    assert "return 1" not in handler
    assert "K = 2" in handler


def test_submodules_and_time_cells() -> None:
    found = static(
        "%%time\nimport os\nimport os.path",
        "import xml.dom\nimport xml.sax\nfrom collections import OrderedDict as O",
        "#| publish\ndef f(x: O = 1):\n    return os, xml, x".replace(": O", ""),
    )
    handler = found.bundle.files["handler.py"].decode()
    for text in ("import os\n", "import os.path", "import xml.dom", "import xml.sax"):
        assert text in handler
    assert "OrderedDict" not in handler


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (("x = open('f')",), "bound in cell 1, line 1: it is bound to the value of an expression"),
        (("if True:\n    x = 1",), "bound in cell 1, line 2: it is bound under a condition"),
        (("try:\n    import x\nexcept ImportError:\n    x = None",), "bound under a condition"),
        (("for x in [1]:\n    pass",), "it is bound in a loop"),
        (("with open('f') as x:\n    pass",), "a with statement"),
        (("x = 1\nx += 1",), "bound in cell 1, line 2: it is bound to the value"),
        (("x = 1", "del x"), "bound in cell 2, line 1: it is deleted"),
        (("x, y = 1, 2",), "value of an expression"),
        (("print(x := 1)",), "value of an expression"),
        (("x = !ls",), "value of an expression"),
        (("x = []", "x.append(1)"), "cell 2, line 1 may change it"),
        (("x = {}", "x['a'] = 1"), "cell 2, line 1 may change it"),
        (("x = []", "y = x"), "cell 2, line 1 may change it"),
        (("x = []", "def add():\n    x.append(1)", "add()"), "cell 2, line 2 may change it"),
        (("x = []\nimport random", "random.shuffle(x)"), "cell 2, line 1 may change it"),
        (("def x(): pass\nx.cache = {}",), "cell 1, line 2 changes it"),
        (("from os import *",), "no cell binds it; whether the import * in cell 1, line 1 does"),
        (("x = 1", "from os import *"), "the import * in cell 2, line 1 may bind it again"),
        (("y = 1",), "x, used by f (cell 2, line 3): no cell binds it"),
        (("def x(): return get_ipython()",), "IPython's own syntax"),
        (("def x():\n    !ls",), "used by x (cell 1, line 2): IPython's own syntax"),
        (("import no_such_module as x",), "no such module is installed in this kernel"),
        (("def x():\n    import no_such_module",), "no such module"),
        (("from . import x",), "a relative import has no package to start from"),
        (
            ("class x(y): pass", "class y: pass"),
            "y, used by x (cell 1, line 1); bound in cell 2, line 1: it is bound after x",
        ),
        (("x = 'a' * 3",), "value of an expression"),
        (("x = " + repr("a" * 9000),), "8.19 KB"),
    ],
)  # fmt: skip
def test_what_the_source_does_not_tell(cells: tuple[str, ...], says: str) -> None:
    detail = refusal(*cells, "#| publish\ndef f():\n    return x")
    assert says in detail
    assert detail.startswith(f"Cell {len(cells) + 1}: ")
    assert "Publish without --no-execute" in detail


def test_what_may_not_be_called_is_not_followed() -> None:
    """A function that changes a list and is never called in the notebook doesn't matter."""
    static("x = []\ndef add():\n    x.append(1)", "#| publish\ndef f():\n    add()\n    return x")


@pytest.mark.parametrize(
    "annotation",
    [
        "pd.Period",
        "pd",
        "Image",
        "list[pd.core.frame.DataFrame]",
        "Point",
        "list[Point]",
        "f()",
        "list['__import__(\"os\").abort()']",
        "1 + 1",
        "os.abort",
        "json",
    ],
)
def test_types_that_only_execution_knows(annotation: str) -> None:
    detail = refusal(
        "import pandas as pd, os, json\nfrom PIL import Image\nclass Point: pass",
        f"#| publish\ndef f(x: int, y: {annotation} = None):\n    pass",
    )
    assert "The types of f's parameters can't be known without running the notebook (y: " in detail


TABLES = """#| publish
def f(
    a: pd.DataFrame, b: 'DataFrame | None' = None, c: np.ndarray = (), d: NDArray[np.float64] = (), *,
    e: Image.Image = None, f: PIL.Image.Image = None, g: list[np.int8] = (), h: polars.DataFrame = None,
    i: pyarrow.Table = None, j: Optional[pd.Timestamp] = None,
) -> %s:
    return a"""


@pytest.mark.parametrize("gives", ["pd.DataFrame", "Figure", "np.ndarray | None", "Image.Image"])
def test_types_of_data_packages_without_importing_them(tmp_path: Path, gives: str) -> None:
    imports = (
        "import pandas as pd, numpy as np, polars, pyarrow, PIL.Image\nfrom pandas import DataFrame\n"
        "from PIL import Image\nfrom numpy.typing import NDArray\nfrom matplotlib.figure import Figure\n"
        "from typing import Optional"
    )
    mine = static(imports, TABLES % gives).bundle.manifest
    with open_notebook(tmp_path) as notebook:
        notebook.run(imports)
        theirs = notebook.capture(TABLES % gives, "").bundle.manifest
    assert mine.input_schema == theirs.input_schema
    assert mine.output_schema == theirs.output_schema
    assert mine.requirements == theirs.requirements


def test_modules_beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "beside_static").mkdir()
    (tmp_path / "beside_static" / "__init__.py").write_text("from .inner import doubled\n")
    (tmp_path / "beside_static" / "inner.py").write_text("import six\ndef doubled(x): return 2 * x\n")
    imports = "from beside_static import doubled\nfrom jupyter_faas import Context, Response"
    entry = "def f(x: int, context: Context) -> dict:\n    return Response(doubled(x))"
    mine = static(imports, f"#| publish\n{entry}").bundle
    assert {"beside_static/__init__.py", "beside_static/inner.py"} < set(mine.files)
    assert mine.manifest.requirements[0].startswith("six==")
    with open_notebook(tmp_path) as notebook:
        notebook.run(imports)
        theirs = notebook.capture(entry).bundle
    assert mine.files.keys() == theirs.files.keys()
    assert mine.manifest.requirements == theirs.manifest.requirements
    assert mine.manifest.input_schema == theirs.manifest.input_schema
    detail = refusal("from jupyter_faas import connect", "#| publish\ndef f():\n    return connect()")
    assert "jupyter_faas itself isn't shipped with a function" in detail


def test_files_and_requirements_beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    cell = "%%publish --file rows.csv --environment {}\ndef f():\n    return open('rows.csv').read()"
    for source in ("requirements.txt", "notebook"):
        block = "# /// script\n# dependencies = ['six==1.16.0']\n# ///"
        bundle = static(block, cell.format(source)).bundle
        assert bundle.files["rows.csv"] == b"a\n1\n"
        assert bundle.manifest.requirements == ("six==1.16.0",)
    with pytest.raises(AnnotationError, match=r"Cell 1: --file other\.csv: there is no such file"):
        static("%%publish --file other.csv\ndef f(): pass")
    with pytest.raises(AnnotationError, match="Cell 1: Values go along from a kernel only"):
        static("%%publish --freeze x\ndef f(): pass")


@given(st.text(max_size=40))
def test_an_annotation_is_never_run(text: str) -> None:
    with contextlib.suppress(CaptureError):
        static("import os, typing", f"#| publish\ndef f(x: {text!r} = None) -> {text!r}:\n    pass")


def test_entries() -> None:
    assert static("g = lambda x: x", "%%publish --entry g\n1").bundle.manifest.entry == "g"
    assert (
        static("#| publish\ndef f(): pass", "%%publish\ndef g(): pass", only="g").bundle.manifest.name == "g"
    )
    with pytest.raises(AnnotationError, match="Cell 1: it defines no function"):
        static("#| publish\nx = 1")
    with pytest.raises(AnnotationError, match="Cell 1: h isn't bound last by a function"):
        static("#| publish --entry h\ndef f(): pass\nh = 1")
    with pytest.raises(AnnotationError, match=r"Cell 1: .*--tiemout"):
        static("#| publish --tiemout 5s\ndef f(): pass")
    assert "f has a decorator (cell 1, line 3)" in refusal("#| publish\n@cached\ndef f(): pass")
    assert "cell 1, line 2 isn't Python" in refusal("x = 1\ndef f(:\n    pass")


def test_a_cell_without_a_def() -> None:
    found = static(
        "K = 2",
        '%%publish area --input "r: float = 1.0" --output area\narea = r * r * K',
    )
    assert found.bundle.manifest.input_schema["properties"] == {"r": {"type": "number", "default": 1.0}}
    scope: dict[str, Any] = {}
    exec(found.bundle.files["handler.py"], scope)
    assert scope["area"](3) == 18
