"""Modules of the author go along with what they import; data files by the paths that the notebook uses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from jupyter_faas.model.errors import AnnotationError, CaptureError
from tests.unit.kernel.notebook import Notebook

PACKAGE = {
    "mine/__init__.py": "from . import tables\nVERSION = '1'\n",
    "mine/tables.py": (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "from .deep.core import double\nfrom mine import names\nimport helpers\n"
        "if TYPE_CHECKING:\n    import pandas\n"
        "try:\n    import not_there\nexcept ImportError:\n    not_there = None\n"
        "def make(n):\n    return [double(n), names.NAME, helpers.total([n])]\n"
    ),
    "mine/names.py": "NAME = 'mine'\n",
    "mine/unused.py": "import pydantic\n",
    "mine/deep/__init__.py": "",
    "mine/deep/core.py": "from ..names import NAME\ndef double(n):\n    return NAME * 0 or n * 2\n",
    "helpers.py": "import numpy as np\nclass Scale:\n    def __init__(self, by): self.by = by\n"
    "    def go(self, x): return x * self.by\ndef total(xs):\n    return int(np.sum(xs))\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A notebook's folder with a package and a module in it, as a kernel has it on its path."""
    root = tmp_path / "project"
    for path, text in PACKAGE.items():
        write(root, path, text)
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(str(root))
    before = set(sys.modules)
    yield root
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("mine", "helpers", "handler", "compiled", "spare"):
            del sys.modules[name]


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    importlib.invalidate_caches()


def test_a_package_with_what_it_imports(notebook: Notebook, folder: Path) -> None:
    notebook.run("from mine.tables import make")
    captured = notebook.capture("def f(n: int):\n    return make(n)")
    assert notebook.call(captured.bundle, n=4) == [8, "mine", 4]
    carried = {path for path in captured.bundle.files if path != "handler.py"}
    assert carried == set(PACKAGE) - {"mine/unused.py"}
    (numpy,) = captured.receipt.packages
    assert numpy.requirement.startswith("numpy==")
    assert numpy.why == "import in helpers"
    assert "local code  helpers.py (" in captured.receipt.text()


@pytest.mark.parametrize(
    ("cell", "body", "result"),
    [
        ("import mine.names as m", "return m.NAME", "mine"),
        ("import mine.deep.core", "return mine.deep.core.double(2)", 4),
        ("from mine import *", "return tables.make(1)[0]", 2),
        ("pass", "import helpers\n    return helpers.total([1, 2])", 3),
        ("pass", "from mine.deep import core\n    return core.double(3)", 6),
        ("import helpers\ns = helpers.Scale(3)", "return s.go(2)", 6),
        ("from mine import VERSION", "return VERSION", "1"),
    ],
)
def test_ways_to_use_it(notebook: Notebook, folder: Path, cell: str, body: str, result: object) -> None:
    notebook.run(cell)
    assert notebook.publish_and_call(f"def f():\n    {body}") == result


def test_a_namespace_folder(notebook: Notebook, folder: Path) -> None:
    write(folder, "spare/part.py", "def go():\n    return 5\n")
    notebook.run("from spare.part import go")
    assert notebook.publish_and_call("def f():\n    return go()") == 5


def test_a_module_that_changed_on_disk_is_warned_of(notebook: Notebook, folder: Path) -> None:
    notebook.run("import helpers")
    body = "def f():\n    return helpers.total([1])"
    assert notebook.capture(body).receipt.warnings == ()
    (folder / "helpers.py").write_text(PACKAGE["helpers.py"].replace("int(", "1 + int("))
    captured = notebook.capture(body)
    assert any(warning.startswith("helpers.py differs from") for warning in captured.receipt.warnings)
    assert notebook.call(captured.bundle) == 2


@pytest.mark.parametrize("change", ["NAME = 'other'\n", "NAME = 'mine'\ndef new(): pass\n"])
def test_changed_constants_and_new_functions_too(notebook: Notebook, folder: Path, change: str) -> None:
    notebook.run("import mine.names")
    (folder / "mine/names.py").write_text(change)
    receipt = notebook.capture("def f():\n    return mine.names.NAME").receipt
    assert any(warning.startswith("mine/names.py differs") for warning in receipt.warnings)


def test_what_can_not_be_carried(notebook: Notebook, folder: Path) -> None:
    write(folder, "mine/names.py", "from mine import fast\nNAME = 'mine'\n")
    write(folder, f"mine/fast{EXTENSION_SUFFIXES[0]}", "machine code")
    with pytest.raises(CaptureError, match=r"mine\.fast is compiled .* build a wheel"):
        notebook.capture("def f():\n    import mine.names")
    write(folder, "handler.py", "x = 1\n")
    with pytest.raises(CaptureError, match="has a module named handler already"):
        notebook.capture("def f():\n    import handler")
    write(folder, "helpers.py", "def broken(:\n")
    with pytest.raises(CaptureError, match="can't be read as Python"):
        notebook.capture("def f():\n    import helpers")


def test_files_are_found_by_the_same_paths(notebook: Notebook, folder: Path) -> None:
    write(folder, "data.csv", "a\n1\n2\n")
    write(folder, "data/more/x.txt", "x")
    write(folder, "data/.ipynb_checkpoints/x.txt", "old")
    write(folder, "mine/table.txt", "inside")
    write(
        folder,
        "mine/names.py",
        "from pathlib import Path\nNAME = (Path(__file__).parent / 'table.txt').read_text()\n",
    )
    notebook.run("import pandas as pd\nfrom mine import names")
    body = (
        "def f():\n    open('data/more/new.txt', 'w').close()\n"
        "    return [int(pd.read_csv('data.csv').a.sum()), open('data/more/x.txt').read(), names.NAME]"
    )
    captured = notebook.capture(body, "--file data.csv --file ./data/ --file mine/table.txt")
    assert captured.bundle.manifest.files == ("data.csv", "data/more/x.txt", "mine/table.txt")
    assert "files       data.csv (6 B)" in captured.receipt.text()
    assert captured.receipt.warnings == ()
    assert notebook.call(captured.bundle) == [3, "x", "inside"]


def test_files_left_behind_are_pointed_at(notebook: Notebook, folder: Path) -> None:
    write(folder, "data.csv", "a\n1\n")
    write(folder, "my table.csv", "a\n1\n")
    notebook.run("PATHS = ['my table.csv', 'not there.csv']")
    body = f"def f():\n    '''Reads data.csv'''\n    open('{folder}/data.csv')\n    return PATHS, '/dev/null'"
    assert notebook.capture(body).receipt.warnings == (
        f"f names {folder}/data.csv, a path of this machine: write 'data.csv', and add --file data.csv.",
        "PATHS names my table.csv, which isn't carried: if the function opens it, add --file 'my table.csv'.",
    )


def test_a_file_outside_of_the_folder_is_pointed_at(
    notebook: Notebook, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "my table.csv"
    elsewhere.write_text("a\n1\n")
    body = f"def f():\n    return open('{elsewhere}').read(), '/etc/hostname', '/tmp', '../nothing.csv'"
    assert notebook.capture(body).receipt.warnings == (
        f"f names {elsewhere}, a file outside of {folder}, which the function won't find: copy it there, "
        "write 'my table.csv', and add --file 'my table.csv'.",
    )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../x", "it is outside of"),
        ("/dev/null", "it is outside of"),
        ("nothing.csv", "there is no such file"),
        ("handler.py", "has a handler.py of its own"),
        ("values", "has a values/x.pickle of its own"),
    ],
)
def test_files_that_can_not_come_along(notebook: Notebook, folder: Path, path: str, words: str) -> None:
    write(folder, "handler.py", "")
    write(folder, "values/x.pickle", "")
    with pytest.raises(AnnotationError, match=words):
        notebook.capture("def f(): pass", f"--file {path}")


def test_a_bundle_that_no_gateway_takes_is_refused(notebook: Notebook, folder: Path) -> None:
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(600 * 10**6)
    with pytest.raises(AnnotationError, match="1 files of 600 MB"):
        notebook.capture("def f(): pass", "--file huge.bin")
