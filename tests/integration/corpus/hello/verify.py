"""A function that needs nothing has no packages and a layer below 64 KB."""

from jupyter_faas.model.media import PUBLICATION
from tests.support.corpus import Run

CLAUSES = (
    "cost: hello world",
    "receipt: before the build",
)


def verify(run: Run) -> None:
    assert run.call("hello", name="Ada") == "Hello, Ada!"
    cell = next(cell for cell in run.notebook.cells if "Greets" in cell.source)
    publication = cell.outputs[0].data[PUBLICATION]["publication"]
    assert publication["environment_packages"] == []
    assert publication["layer_bytes"] < 64_000
    assert run.gateway.call("dry-hello").status == 404
    assert run.receipt("dry-hello")["signature"] == "dry-hello(name: str = 'world') -> str"
    assert "hello" in run.without_execution()
