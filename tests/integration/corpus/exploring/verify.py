"""Cells that plot, look at data and download it leave no trace in the function."""

from tests.support.corpus import Run

CLAUSES = ("slice: what explores is not carried",)


def verify(run: Run) -> None:
    receipt = run.receipt("explored")
    assert receipt["packages"] == []
    assert [one["name"] for one in receipt["names"]] == ["explored", "threshold"]
    assert receipt["warnings"] == []
