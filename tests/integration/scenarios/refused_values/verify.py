"""Handles of the kernel are refused, all in one error: name, type, cell and what to do instead."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    assert gateway.call("never").status == 404
    lines = gateway.call("refusals").json.splitlines()
    assert lines[0].endswith("4 things that never uses can't be published:")
    expected = {
        "database (sqlite3.Connection)": "connect inside the function",
        "handle (_io.TextIOWrapper)": "open it inside the function",
        "numbers (generator)": "freeze list(…) of it",
        "guard (dict)": "one call at a time",
    }
    for name, advice in expected.items():
        (line,) = (line for line in lines if line.startswith(f"- {name}"))
        assert "made in cell In[2], line " in line
        assert advice in line
