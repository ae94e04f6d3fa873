"""A function that raises: type, message, and a traceback in terms of the notebook's cells."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("root", {"value": -4})
    assert (answer.status, answer.code) == (500, "handler-error"), answer.body
    problem = answer.json
    assert problem["exception"].rpartition(".")[2] == "TooSmall"
    assert problem["message"] == "-2.0 is negative"
    outer, inner = problem["traceback"]
    assert (outer["function"], outer["cell"], outer["cell_line"]) == ("root", "In[3]", 4)
    assert outer["text"] == "return check(half)"
    assert (inner["function"], inner["cell"], inner["cell_line"]) == ("check", "In[2]", 8)
    assert "In[2]" in problem["detail"]
    assert "line 8" in problem["detail"]
    assert gateway.call("root", {"value": 8}).json == 2.0
