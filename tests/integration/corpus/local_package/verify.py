"""Modules beside the notebook go along, with what they import and the packages that those need."""

from tests.support.corpus import Run

CLAUSES = (
    "local code: modules and packages",
    "local code: their requirements",
)


def verify(run: Run) -> None:
    assert run.call("local", r=2) == [12, "x:1"]
    receipt = run.receipt("local-dry")
    assert [one.partition(" ")[0] for one in receipt["sources"]] == [
        "shapes/__init__.py",
        "shapes/areas.py",
        "shapes/constants.py",
        "tools.py",
    ]
    assert run.packages("local-dry") == {"packaging": "import in tools"}
