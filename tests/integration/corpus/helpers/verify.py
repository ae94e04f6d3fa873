"""Helpers of helpers, over several cells, each with its globals; recursion and mutual recursion."""

from tests.support.corpus import Run

CLAUSES = ("slice: helpers to any depth",)


def verify(run: Run) -> None:
    assert run.call("helped", n=16) == [6.0, True, [3.0, True, None]]
    (handler,) = run.without_execution().values()
    assert "def root(x):" in handler
