"""A module whose file has changed since its import is published as the file is, with a warning."""

from tests.support.corpus import Run

CLAUSES = (
    "local code: modules and packages",
    "receipt: warnings",
)


def verify(run: Run) -> None:
    (warning,) = run.receipt("changed")["warnings"]
    assert warning.startswith("tools.py differs from what this kernel has imported of tools")
