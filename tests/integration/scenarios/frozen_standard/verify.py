"""Objects of the standard library and of a class of the notebook: frozen, and no package is needed."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("graded", {"points": 60, "letter": "a"})
    assert (answer.status, answer.json) == (200, [0.841, 5]), answer.body
    assert gateway.client.function("graded")["packages"] == []
