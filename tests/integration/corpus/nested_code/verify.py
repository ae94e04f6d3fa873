"""Globals used in nested functions, lambdas, comprehensions, walrus, match and nonlocal."""

from tests.support.corpus import Run

CLAUSES = ("slice: nested functions, lambdas, comprehensions",)


def verify(run: Run) -> None:
    assert run.call("nested", n=3) == {
        "names": ["a0", "b0", "a1", "b1"],
        "sum": 6,
        "sorted": [["b", 2], ["a", 0]],
        "count": 2,
        "kind": "three 6",
    }
