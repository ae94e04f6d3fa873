"""A file is found by the path that the notebook uses, in a folder that can be written to."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("town", {"number": 1})
    assert (answer.status, answer.json) == (200, [["Bern", "134"], ["seen.txt", "towns.csv"]]), answer.body
