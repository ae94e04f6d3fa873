"""Closures, partials, bound methods and lambdas in data, with what they hold."""

from tests.support.corpus import Run

CLAUSES = ("slice: partial, bound methods, closures",)


def verify(run: Run) -> None:
    assert run.call("closures", v=2) == [9, 5, 12, 6, 3, 15, 7]
    assert run.call("triple", v=2, w=1) == 7
