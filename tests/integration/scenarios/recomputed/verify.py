"""What can't be frozen is made anew at the start, by the code of the cell that made it."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("look")
    assert (answer.status, answer.json) == (200, ["anew", True]), answer.body
