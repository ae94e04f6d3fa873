"""The page on the HTTP API is the one that the code makes."""

from __future__ import annotations

from pathlib import Path

from jupyter_faas.gateway.handlers.described import PATHS
from jupyter_faas.gateway.reference import page

WRITTEN = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_page_is_current() -> None:
    assert WRITTEN.read_text() == page(), "make reference"


def test_it_has_every_operation() -> None:
    text = WRITTEN.read_text()
    for path, item in PATHS.items():
        for method in item:
            assert f"### `{method.upper()} {path}`" in text
