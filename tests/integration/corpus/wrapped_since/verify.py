"""Functions wrapped, given attributes or other defaults after their definition are as they are now."""

from tests.support.corpus import Run

CLAUSES = (
    "slice: partial, bound methods, closures",
    "slice: what was executed last",
)


def verify(run: Run) -> None:
    assert run.call("wrapped_since") == [2, "kept", 120, ["t", 0, 1], "old", "new"]
