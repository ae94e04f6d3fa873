"""The live definition wins, wherever it stands, also over a cell that failed."""

from tests.support.corpus import Run

CLAUSES = ("slice: what was executed last",)


def verify(run: Run) -> None:
    assert run.call("redefined") == [2, 5]
