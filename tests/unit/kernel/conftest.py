from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.kernel.notebook import Notebook, open_notebook


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    with open_notebook(tmp_path) as opened:
        yield opened
