"""Names that mislead: a function called top, a decorator that a library's function makes."""

from tests.support.corpus import Run

CLAUSES = (
    "slice: helpers to any depth",
    "slice: decorators",
)


def verify(run: Run) -> None:
    assert run.call("awkward", n=4) == 8
