"""Scratch folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import uploads


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    uploads.clear()
