"""``%pip install`` and its like become requirements."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_faas.kernel.cells import Cell
from jupyter_faas.kernel.installs import installs_in
from tests.unit.kernel.notebook import Notebook


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("%pip install six", ["six"]),
        (
            "!pip install -q 'six==1.16.0' \\\n    \"pandas[excel]>=2\"  # both",
            ["six==1.16.0", "pandas[excel]>=2"],
        ),
        ("!pip3 install --upgrade pip six > /dev/null 2>&1", ["six"]),
        ("%uv pip install six", ["six"]),
        ("!uv pip install --python 3.11 six", ["six"]),
        ("!python -m pip install -i https://index.example/simple six && echo done", ["six"]),
        ("!{sys.executable} -m pip install six; pip install attrs", ["six", "attrs"]),
        ("import sys\n!/usr/bin/pip install six", ["six"]),
        ("%conda install -y -c conda-forge python=3.11 six=1.16 conda-forge::attrs", ["six", "attrs"]),
        ("%%bash\nset -e\npip install six", ["six"]),
        ("x = !pip install six", ["six"]),
        ("%pip install -r needs.txt", ["attrs>=20", "six==1.16.0"]),
        ("%pip install -r gone.txt", []),
        ("%pip install -e . ./dist/six-1.16.0-py2.py3-none-any.whl", ["six"]),
        ("%pip install git+https://example.org/six.git#egg=six", ["six"]),
        ("%pip install jupyterlab ipykernel ipywidgets jupyter-faas", []),
        ("%pip list", []),
        ("!echo pip install six is how", ["six", "is", "how"]),
        ("if False:\n    %pip install six", []),
        ("text = '!pip install six'", []),
        ("!pip install 'unclosed", []),
    ],
)
def test_commands(source: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "needs.txt").write_text("attrs>=20\n-r more.txt\n")
    (tmp_path / "more.txt").write_text("six==1.16.0 # why\n")
    cell = Cell("In[3]", 3, TransformerManager().transform_cell(source))
    installs = installs_in([cell], tmp_path)
    assert sorted(str(one.requirement) for one in installs) == sorted(found)
    assert all("install in cell In[3], line " in one.why for one in installs)


@pytest.fixture
def installing(notebook: Notebook) -> Notebook:
    """A notebook whose pip does nothing: what it names is there, or isn't."""
    notebook.ignore_magics("pip")
    return notebook


def test_what_no_import_shows_goes_along(installing: Notebook) -> None:
    installing.run(
        "%pip install -q packaging==1.0", "%pip install numpy not-there-at-all", "import numpy as np"
    )
    receipt = installing.capture("def f():\n    return 1").receipt
    (package,) = receipt.packages  # numpy is imported, but not by the function
    assert package.requirement.startswith("packaging==2")
    assert package.why == "pip install in cell In[1], line 1"
    assert receipt.warnings == (
        "not-there-at-all isn't installed in this kernel (pip install in cell In[2], line 1), and is left "
        "out: --require adds it.",
    )
    packages = installing.capture("def f():\n    return int(np.sum([1]))").receipt.packages
    assert [one.why for one in packages] == ["import numpy as np", "pip install in cell In[1], line 1"]


def test_extras_stay(installing: Notebook) -> None:
    installing.run("%pip install 'pandas[excel]'", "import pandas as pd")
    receipt = installing.capture("def f():\n    return pd.__name__").receipt
    assert [one.requirement.partition("==")[0] for one in receipt.packages] == ["pandas[excel]"]
    assert receipt.packages[0].why == "import pandas as pd; pip install in cell In[1], line 1"


def test_a_declared_environment_is_all(installing: Notebook, tmp_path: Path) -> None:
    (tmp_path / "needs.txt").write_text("six==1.16.0\n")
    installing.run("%pip install packaging", f"%cd -q {tmp_path}")
    packages = installing.capture("def f():\n    return 1", "--environment needs.txt").receipt.packages
    assert [one.requirement for one in packages] == ["six==1.16.0"]
