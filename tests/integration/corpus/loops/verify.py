"""What loops, with statements and conditions have bound; loggers and patterns."""

from tests.support.corpus import Run

CLAUSES = (
    "slice: helpers to any depth",
    "values: frozen with size and versions",
)


def verify(run: Run) -> None:
    assert run.call("looped") == [4, 3, ["a", "b"], "text"]
