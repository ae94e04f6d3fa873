"""Submodules that only another import has loaded in this kernel are imported too."""

from tests.support.corpus import Run

CLAUSES = ("slice: submodules",)


def verify(run: Run) -> None:
    assert run.call("submodules") == ["a", "b", "concurrent.futures"]
