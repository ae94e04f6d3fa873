"""A cell's own code is published as a function of its inputs."""

from tests.support.corpus import Run

CLAUSES = ("a cell without a def",)


def verify(run: Run) -> None:
    assert round(run.call("area", r=2), 3) == 12.566
    assert round(run.call("area"), 3) == 3.142
    assert "the cell never assigns nowhere" in run.text("nowhere")
    assert "area" in run.without_execution() or "AnnotationError" in run.without_execution()
