"""Data is frozen with its size and reason, and its libraries at their versions."""

from tests.support.corpus import Run

CLAUSES = ("values: frozen with size and versions",)


def verify(run: Run) -> None:
    import numpy

    first = int(numpy.random.default_rng(7).integers(100))
    assert run.call("frozen") == [2.5, "2024-05-01", False, first]
    values = {
        one["name"]: one["where"] for one in run.receipt("frozen-dry")["names"] if one["kind"] == "value"
    }
    assert values["weights"].startswith("numpy.ndarray (")
    assert values["weights"].endswith("used by frozen")
    assert f"numpy=={numpy.__version__}" in run.gateway.client.function("frozen")["packages"]
