"""Cells that ran in another order than they stand are warned of."""

from tests.support.corpus import Run

CLAUSES = ("receipt: order of execution",)


def verify(run: Run) -> None:
    (warning,) = (one for one in run.receipt("ordered")["warnings"] if "stands above" in one)
    assert "but ran after it: restart the kernel and run all cells" in warning
