"""Examples of the docstring are run in the image; if one fails, the version before stays live."""

from tests.support.corpus import Run

CLAUSES = ("proof: examples",)


def verify(run: Run) -> None:
    text = run.text("proven")
    assert "proven(2)" in text
    assert "'4'" in text
    assert "'6'" in text
    assert run.call("proven", x=5) == 10
    assert run.gateway.client.function("proven")["version"] == 1
