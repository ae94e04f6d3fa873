"""A package beside the notebook: relative imports, its requirement, its data, an instance of its class."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("described", {"side": 3})
    assert (answer.status, answer.json) == (200, [9.0, 4.0, "square"]), answer.body
    packages = gateway.client.function("described")["packages"]
    assert [package.partition("==")[0] for package in packages] == ["numpy"]
