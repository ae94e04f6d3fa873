"""Changes of globals, the network, and names in texts are warned of."""

from tests.support.corpus import Run

CLAUSES = ("receipt: warnings",)


def verify(run: Run) -> None:
    warnings = run.receipt("doubtful")["warnings"]
    assert len(warnings) == 4
    for beginning in (
        "count assigns the global total when it is called",
        "doubtful uses eval()",
        "urllib.request is imported but the network is none: add --network egress",
        "doubtful changes seen (append()) when it is called",
    ):
        assert any(one.startswith(beginning) for one in warnings), (beginning, warnings)
