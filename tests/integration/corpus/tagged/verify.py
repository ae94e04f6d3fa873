"""A cell with the tag, and options in its metadata, is published by the command."""

import json

from tests.support.corpus import Run

CLAUSES = ("annotated: tag and metadata",)


def verify(run: Run) -> None:
    done = run.publish("--json")
    (published,) = json.loads(done.stdout)["published"]
    assert (published["cell"], published["publication"]["function"]) == (2, "by-tag")
    assert run.call("by-tag", x=2) == 6
    assert run.gateway.client.function("by-tag")["caps"]["timeout_seconds"] == 5
    assert "by-tag" in run.without_execution()
