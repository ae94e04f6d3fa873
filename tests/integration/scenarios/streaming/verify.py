"""Streams, a response with status and headers, and a context, as a notebook writes them."""

import pytest

from jupyter_faas.model.errors import HandlerError
from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    client = gateway.client
    words = client.stream("tokens", {"text": "one two three", "wait_for": "go"})
    assert next(words) == "one"
    assert client.invoke("tokens", {"text": "go on"}) == ["go", "on"]  # lets the first call go on
    assert list(words) == ["two", "three"]

    numbers = client.stream("countdown", {"start": 2})
    assert [next(numbers), next(numbers)] == [3, 6]
    with pytest.raises(HandlerError) as caught:
        next(numbers)
    assert caught.value.figures["exception"] == "ZeroDivisionError"
    assert caught.value.figures["traceback"][-1]["cell_line"] == 5

    assert "context" not in client.function("job")["input_schema"]["properties"]
    answer = gateway.call("job", {"name": "x"})
    assert (answer.status, answer.headers["location"]) == (202, "/jobs/x")
    assert answer.json["id"] == answer.headers["faas-invocation-id"]
    assert 0 < answer.json["left"] <= answer.json["cap"] == 7
    assert gateway.call("job", {"name": "x", "context": {}}).status == 422
    assert [line["text"] for line in client.invocation(answer.json["id"])["logs"]] == ["begun x"]

    answer = gateway.call("nothing")
    assert (answer.status, answer.body) == (204, b"")
    assert client.invoke("nothing") is None
