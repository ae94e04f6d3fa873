"""Packages and extras that no import shows, and versions other than the kernel's."""

from tests.support.corpus import Run

CLAUSES = ("requirements: --require and extras",)


def verify(run: Run) -> None:
    receipt = run.receipt("required")
    texts = [one["requirement"] for one in receipt["packages"]]
    assert "six==1.15.0" in texts
    assert any(text.startswith("pydantic[email]==") for text in texts)
    assert {one["why"] for one in receipt["packages"]} == {"--require"}
    (warning,) = receipt["warnings"]
    assert warning.startswith(
        "attrs-of-nobody has no version and isn't installed here: the newest will be taken"
    )
