"""A DataFrame and an array of the notebook go along, and the packages that made them."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("price", {"item": "milk"})
    assert (answer.status, answer.json) == (200, [1.25, 2.5]), answer.body
    packages = gateway.client.function("price")["packages"]
    assert {package.partition("==")[0] for package in packages} >= {"numpy", "pandas"}
