"""A name is made anew by its own code when the function starts."""

from tests.support.corpus import Run

CLAUSES = ("values: --recompute",)


def verify(run: Run) -> None:
    fresh, process = run.call("recomputing")
    assert fresh is True
    assert f"{process}" != "0"
    assert "guard  recomputed" in run.text("recomputing")
