"""Decorators of the notebook and of the standard library, also on the entry."""

from tests.support.corpus import Run

CLAUSES = ("slice: decorators",)


def verify(run: Run) -> None:
    assert run.call("decorated", n=30) == [832040, "X", "number", "text", "thing", 30, ["decorated"]]
    assert run.gateway.client.function("decorated")["doc"] == "Decorated."
    assert "decorated changes calls" in run.text("decorated") or "counted changes calls" in run.text(
        "decorated"
    )
    assert "only running the notebook tells" in run.without_execution()["CaptureError"]
