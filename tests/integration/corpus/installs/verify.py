"""What the notebook installs goes along, unless only cells outside of the slice import it."""

from tests.support.corpus import Run

CLAUSES = ("slice: installs become requirements",)


def verify(run: Run) -> None:
    packages = run.packages("installing")
    assert packages == {
        "six": "pip install in cell In[3], line 1",
        "packaging": "pip install in cell In[3], line 2",
    }
    assert "not-there-at-all isn't installed in this kernel" in run.receipt("installing")["warnings"][0]
    (handler,) = run.without_execution().values()
    assert "pip" not in handler
