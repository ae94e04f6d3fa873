"""A function that changes a frozen value: the receipt warns of it."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    told = gateway.call("receipt")
    assert "count changes seen ([…]) when it is called" in told.json, told.body
    assert gateway.call("count", {"word": "a"}).json == 1
    assert gateway.call("count", {"word": "b"}).status == 200
