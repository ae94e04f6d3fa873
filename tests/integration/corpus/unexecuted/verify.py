"""Published from the source alone; what only running tells is refused with its cell."""

from tests.support.corpus import Run

CLAUSES = ("annotated: without execution",)


def verify(run: Run) -> None:
    done = run.publish("--no-execute", "--json")
    assert done.returncode == 0, done.stderr
    assert run.call("unexecuted", x=4) == [2.0, [1, 2]]
