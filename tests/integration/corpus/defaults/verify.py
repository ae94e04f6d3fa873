"""Defaults, annotations, type aliases and annotations in strings bring what they name."""

from tests.support.corpus import Run

CLAUSES = ("slice: defaults and annotations",)


def verify(run: Run) -> None:
    assert run.call("defaulted") == 9.0
    assert run.call("defaulted", values=[7], mode="max", options={"factor": 1}) == 7.0
    assert run.gateway.call("defaulted", {"mode": "min"}).status == 422
