"""What ``%faas invoke`` shows in a real kernel."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of

pytestmark = pytest.mark.docker

PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SOURCE = f"""
class Pixel:
    def _repr_png_(self):
        return {PIXEL!r}
class Table:
    def _repr_html_(self):
        return "<table></table>"
def show(what):
    return {{"picture": Pixel(), "table": Table(), "number": 7}}[what]
def items():
    yield 1
    yield 2
"""


def test_pictures_tables_and_values(gateway: Gateway, tmp_path: Path) -> None:
    gateway.publish(SOURCE, "show")
    gateway.publish(SOURCE, "items")
    calls = ["show what=picture", "show what=table", "show what=number", "items"]
    notebook = execute(notebook_of(f"%faas invoke {call}" for call in calls), gateway, tmp_path)
    picture, table, number, items = (cell.outputs[0]["data"] for cell in notebook.cells[1:])
    assert Image.open(BytesIO(b64decode(picture["image/png"]))).size == (1, 1)
    assert table["text/html"] == "<table></table>"
    assert number["text/plain"] == "7"
    assert items["text/plain"] == "[1, 2]"
