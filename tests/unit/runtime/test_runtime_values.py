"""Frozen values and data files, in a running instance."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from tests.support.gateway import PYTHON
from tests.unit.runtime.runtime_instance import instance, make_root

SOURCE = """
class Point:
    def __init__(self, x): self.x = x

p = __import__("faas_runtime.values", fromlist=["frozen"]).frozen("p")
assert type(p[0]) is Point

def f():
    return [p[0].x, open("data/a.txt").read()]
"""


class Point:
    """Pickled as a notebook's class, which lives in ``__main__``."""


def root_with(folder: Path, **changes: Any) -> Path:
    value = {"name": "p", "file": "values/p.pickle", "type": "list", "python": PYTHON, "versions": []}
    root = make_root(folder, SOURCE, values=[value | changes], files=["data/a.txt"])
    point = Point()
    point.__dict__["x"] = 7
    content = pickle.dumps([point], protocol=5)
    # "__main__" has another length than this module's name: the opcode that frames it says so.
    module = Point.__module__.encode()
    content = content.replace(bytes([len(module)]) + module, b"\x08__main__")
    for place, data in {"values/p.pickle": _unframed(content), "data/a.txt": b"text"}.items():
        path = root / "function" / place
        path.parent.mkdir()
        path.write_bytes(data)
    return root


def _unframed(content: bytes) -> bytes:
    """The pickle without its frame, whose length no longer holds."""
    return content[:2] + content[11:]


def test_values_and_files_are_there(tmp_path: Path) -> None:
    with instance(SOURCE, root=root_with(tmp_path), workers=2) as running:
        for slot in range(2):
            frame = running.result(slot)
            assert frame.body == b'[7,"text"]', frame.header


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"python": "3.7"}, f"was made with Python 3.7, but this image has {PYTHON}"),
        ({"versions": ["nothing-of-this-name==1"]}, "nothing-of-this-name 1, but this image has none"),
        ({"file": "values/other.pickle"}, "can't be loaded. FileNotFoundError"),
    ],
)
def test_what_can_not_be_loaded_is_an_init_error(tmp_path: Path, changes: Any, words: str) -> None:
    with instance(SOURCE, root=root_with(tmp_path, **changes), ready=False) as running:
        outcome = running.expect(Kind.FAILED).header
        assert outcome["code"] == "init-error"
        assert words in outcome["detail"]
        assert "The frozen value p (list)" in outcome["detail"]
