"""Lines that only set the notebook up are left out; functions of %%time and %%capture cells are found."""

from tests.support.corpus import Run

CLAUSES = ("slice: set-up magics dropped",)


def verify(run: Run) -> None:
    assert run.call("set_up", x=2) == 5.0
    (handler,) = run.without_execution().values()
    assert "get_ipython" not in handler
