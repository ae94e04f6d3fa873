"""A value, or all together, above the limit is refused with figure and advice."""

from tests.support.corpus import Run

CLAUSES = ("values: limits",)


def verify(run: Run) -> None:
    assert "it takes 1.6 MB; the limit is 1 MB (--value-size): raise it" in run.text("too_large")
    assert "the limit is 1 KB (--values-total)" in run.text("too_many")
    assert run.receipt("fits")["names"][1]["where"].startswith("numpy.ndarray (1.6 MB")
