"""What docs/data.md shows in Python is run, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_faas.kernel.outputs import FORMS
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text()


@pytest.mark.docker
def test_examples(gateway: Gateway, tmp_path: Path) -> None:
    cells = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    last = execute(notebook_of(cells), gateway, tmp_path).cells[-1].outputs[0]["data"]
    assert "2026-01-03 00:00:00+00:00" in last["text/plain"]


def test_every_type_and_form_is_named() -> None:
    names = {name.partition(".")[2] for name in FORMS if name.startswith(("pandas", "polars", "pyarrow"))}
    assert all(name in PAGE for name in names)
    forms = {form for each in FORMS.values() for form in each} - {"application/json", "text/plain"}
    assert all(form in PAGE for form in forms)
