"""A check's results in kernel and image must agree."""

from tests.support.corpus import Run

CLAUSES = ("proof: --check",)


def verify(run: Run) -> None:
    assert run.call("checked", x=1) == 2
    text = run.text("differs")
    assert "'False'" in text
    assert "'True'" in text
    assert run.gateway.call("differs").status == 404
