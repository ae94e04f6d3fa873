"""An import's distribution is found by the installed metadata, at the kernel's version; Jupyter stays out."""

from tests.support.corpus import Run

CLAUSES = (
    "requirements: distribution by metadata",
    "requirements: nothing of Jupyter",
)


def verify(run: Run) -> None:
    from importlib.metadata import version

    found = {one["requirement"] for one in run.receipt("distributed")["packages"]}
    assert found == {f"{name}=={version(name)}" for name in ("pillow", "python-dateutil")}
    assert set(run.packages("using_jupyter")) == {"ipython"}
    assert "python-dateutil" in run.receipt("distributed")["needs"]
