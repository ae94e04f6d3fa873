"""Modules imported in bodies, also by a name in a text, are installed; guarded ones may be missing."""

from tests.support.corpus import Run

CLAUSES = ("slice: imports in bodies",)


def verify(run: Run) -> None:
    assert run.call("inside") == ["1", "packaging.version", None]
    assert "no such module is installed in this kernel" in run.text("lost")
