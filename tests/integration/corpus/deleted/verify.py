"""Names that are gone, and objects of classes defined anew, are refused with what to do."""

from tests.support.corpus import Run

CLAUSES = ("slice: what was executed last",)


def verify(run: Run) -> None:
    text = run.text("gone")
    assert "cell In[3], line 1 has deleted it: run the cell that makes it again" in text
    assert "its class has been defined again since it was made" in text
    assert "- never (undefined)" in text
