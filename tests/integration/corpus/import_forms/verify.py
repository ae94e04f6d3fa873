"""Imports as the notebook has them: aliases, aliases of aliases, fallbacks."""

from tests.support.corpus import Run

CLAUSES = ("slice: import aliases",)


def verify(run: Run) -> None:
    assert run.call("imported") == [3.0, "{}", True, None, True, {"a": 1}]
