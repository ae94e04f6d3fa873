"""What a receipt says besides what goes along: doubts, sizes; and what is looked through or dropped."""

from __future__ import annotations

import pytest

from tests.unit.kernel.notebook import Notebook


def test_set_up_lines_are_dropped(notebook: Notebook) -> None:
    notebook.ignore_magics("matplotlib", "load_ext")
    notebook.run(
        "def helper():\n    %matplotlib inline\n    if True:\n        %load_ext autoreload\n    return 1"
    )
    captured = notebook.capture("def f():\n    return helper()")
    assert notebook.call(captured.bundle) == 1
    assert b"def helper():\n    pass\n    if True:\n        pass\n" in captured.bundle.files["handler.py"]


def test_set_up_and_installs_in_a_cell_without_a_def(notebook: Notebook) -> None:
    notebook.ignore_magics("matplotlib", "pip")
    body = "%matplotlib inline\n%pip install -q packaging\nr = 2\narea = r * r"
    captured = notebook.capture(body, "--output area")
    assert notebook.call(captured.bundle) == 4
    assert [one.why for one in captured.receipt.packages] == ["pip install in cell In[1], line 3"]


def test_submodules_that_something_else_has_imported(notebook: Notebook) -> None:
    notebook.run("import xml.etree.ElementTree, xml.dom.minidom\nimport xml as x\ndel xml\nimport xml")
    captured = notebook.capture(
        "def f():\n    return [xml.dom.minidom.__name__, x.etree.ElementTree.fromstring('<a/>').tag]"
    )
    assert notebook.call(captured.bundle) == ["xml.dom.minidom", "a"]


def test_modules_imported_by_their_name_as_a_text(notebook: Notebook) -> None:
    body = "def f():\n    import importlib\n    return importlib.import_module('numpy').__name__"
    assert "numpy" in notebook.capture(body).bundle.manifest.requirements[0]
    error = notebook.run_failing(f"%%publish --dry-run\n{body.replace('numpy', 'not_there')}")
    assert "not_there" in str(error)


@pytest.mark.parametrize("call", ["eval('1')", "exec('1')", "globals()['f']"])
def test_names_in_texts(notebook: Notebook, call: str) -> None:
    (warning,) = notebook.capture(f"def f():\n    {call}").receipt.warnings
    assert warning.startswith(f"f uses {call.partition('(')[0]}(): names that stand in a text only")


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("API_KEY", "'sk-1'", True),
        ("db_password", "'p4ss'", True),
        ("token", "''", False),
        ("tokens", "'words'", False),
        ("key", "'a'", False),
        ("TOKEN", "5", False),
    ],
)
def test_secrets_are_warned_of_and_not_shown(notebook: Notebook, name: str, value: str, secret: bool) -> None:
    notebook.run(f"{name} = {value}")
    receipt = notebook.capture(f"def f():\n    return {name}").receipt
    assert bool(receipt.warnings) is secret
    assert (value not in receipt.text()) is secret
    if secret:
        assert f"--env {name}" in receipt.warnings[0]


def test_the_image_is_estimated(notebook: Notebook) -> None:
    assert notebook.capture("def f():\n    return 1").receipt.image == "about 24 B on top of the base image"
    image = notebook.capture("def f():\n    import numpy\n    return numpy").receipt.image
    assert image.endswith(" MB on top of the base image (1 package, as installed here)")
    assert notebook.capture("def f(): 1", "--require nothing-of-this==1").receipt.image.startswith("at least")


def test_a_deleted_name_says_so(notebook: Notebook) -> None:
    notebook.run("x = 1\ny = 2", "del x, y")
    error = notebook.run_failing("%%publish --dry-run\ndef f():\n    return x")
    assert "cell In[2], line 1 has deleted it: run the cell that makes it again" in str(error)


def test_what_was_set_in_a_library_stays_behind(notebook: Notebook) -> None:
    notebook.run("import json, string\njson.answer = lambda: 42\nstring.Formatter.mine = 1", "string.x = 2")
    (warning,) = notebook.capture("def f():\n    return json.dumps(1)").receipt.warnings
    assert warning == (
        "cell In[1], line 2 sets json.answer: what is changed in a library isn't carried. Do it inside f, or "
        "in a module of your own that it imports."
    )
