"""Environment variables are named, their values are nowhere; secrets in constants are warned of."""

from tests.support.corpus import Run

CLAUSES = ("receipt: environment names",)


def verify(run: Run) -> None:
    assert run.call("secretive") == len("s3cret-value")
    shown = run.text("secretive") + run.text("careless")
    assert "CORPUS_TOKEN" in shown
    assert "s3cret-value" not in shown
    assert "sk-12345" not in shown
    assert "API_KEY goes into the image as text" in run.receipt("careless")["warnings"][0]
