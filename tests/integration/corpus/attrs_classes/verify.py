"""Classes of attrs, whose methods a library writes: with defaults, validators, bases, and made objects."""

from tests.support.corpus import Run

CLAUSES = ("slice: class bodies and base classes",)


def verify(run: Run) -> None:
    shown = "Crate(size=Size(width=4, height=2), labels=['old', 'NEW'], weight=0.5)"
    assert run.call("packed", start=2) == [shown, 20, {"start": 2, "end": 4}]
    failed = run.gateway.call("packed", {"start": -1})
    assert (failed.status, failed.json["message"]) == (500, "start is -1")
