"""Functions and classes that %run brought in, from a script and from another notebook."""

from tests.support.corpus import Run

CLAUSES = (
    "local code: modules and packages",
    "slice: what was executed last",
)


def verify(run: Run) -> None:
    assert run.call("scripted", v=2) == [6, "kind 6"]
