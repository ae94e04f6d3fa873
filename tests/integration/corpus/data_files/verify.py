"""A data file goes along by its relative path; one that is named but not carried is suggested."""

from tests.support.corpus import Run

CLAUSES = (
    "values: --file",
    "local code: data files",
)


def verify(run: Run) -> None:
    assert run.call("rows") == [{"town": "Bern", "people": "134000"}]
    assert "forgotten names data/towns.csv, which isn't carried" in run.receipt("forgotten")["warnings"][0]
    assert "--file data/towns.csv" in run.receipt("forgotten")["warnings"][0]
    assert "--file ../secret.txt: it is outside of" in run.text("outside")
