"""A cell that was edited and saved but not run since is warned of; what ran is published."""

from tests.support.corpus import Run

CLAUSES = ("slice: edited but not run",)


def verify(run: Run) -> None:
    assert run.call("edited") == "as it ran"
    assert "cell In[2] (helper) was edited and hasn't run since: what ran is published." in run.text("edited")
