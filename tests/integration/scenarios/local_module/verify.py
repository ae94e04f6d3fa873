"""A module beside the notebook goes along."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("celsius", {"fahrenheit": 212})
    assert (answer.status, answer.json) == (200, 100.0), answer.body
