"""Of an import of everything only the names that are used go along."""

from tests.support.corpus import Run

CLAUSES = ("slice: import *",)


def verify(run: Run) -> None:
    assert run.call("starred", n=3) == [6, [3, 4]]
    imports = {one["where"] for one in run.receipt("starred-dry")["names"] if one["kind"] == "import"}
    assert imports == {
        "from itertools import count",
        "from itertools import islice",
        "from math import factorial",
    }
    assert "import *" in run.without_execution()["CaptureError"]
