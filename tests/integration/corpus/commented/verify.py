"""A cell whose first line is a comment of options is published by the magic and by the command."""

import json

from tests.support.corpus import Run

CLAUSES = ("annotated: first line",)


def verify(run: Run) -> None:
    assert run.call("commented", x=2) == 6
    done = run.publish("--json", "--dry-run", "--cell", "commented")
    record, *_ = json.loads(done.stdout)["receipts"]
    assert record["receipt"]["function"] == "commented"
    assert run.publish("--no-execute", "--cell", "nothing").returncode == 1
