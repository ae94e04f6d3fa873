"""Values of expressions are known by execution only."""

from tests.support.corpus import Run

CLAUSES = ("annotated: without execution",)


def verify(run: Run) -> None:
    assert isinstance(run.call("unknowable"), float)
    done = run.publish("--no-execute")
    assert done.returncode == 1
    assert "seed" in done.stderr
    assert "it is bound to the value of an expression" in done.stderr
