"""A name that would be source goes along as data where the author says so."""

from tests.support.corpus import Run

CLAUSES = ("values: --freeze",)


def verify(run: Run) -> None:
    assert run.call("freezing") == ["a", "b"]
    assert "words  value, list" in run.text("freezing")
    assert "--freeze nothing: wrong doesn't use nothing" in run.text("wrong")
