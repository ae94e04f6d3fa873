"""The packages of a requirements.txt, a pyproject.toml or a script block, when named."""

from tests.support.corpus import Run

CLAUSES = (
    "requirements: --environment",
    "receipt: warnings",
)


def verify(run: Run) -> None:
    assert run.packages("of_block") == {"six": "notebook"}
    assert run.receipt("of_lines")["packages"][0]["requirement"] == "six>=1.15"
    assert any("not pinned" in one for one in run.receipt("of_lines")["warnings"])
    assert run.packages("of_project") == {"six": "pyproject.toml[more]"}
    assert "--environment nowhere.txt: there is no file nowhere.txt in" in run.text("of_nothing")
