"""Nested pydantic models; their own validators answer 422 too."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    person = {"name": " Ada ", "addresses": [{"street": "Long Lane", "number": 3}]}
    answer = gateway.call("greet", {"person": person, "loud": True})
    assert (answer.status, answer.json) == (200, {"text": "Hello Ada!", "streets": ["Long Lane"]}), (
        answer.body
    )
    answer = gateway.call("greet", {"person": {"name": "Ada", "addresses": [{"street": "x", "number": 0}]}})
    assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
    assert answer.json["faults"][0]["path"] == "$.person.addresses[0].number"
    answer = gateway.call("greet", {"person": {"name": "  "}})
    assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
    assert answer.json["faults"][0]["path"] == "$.person.name"
    assert "a name of blanks" in answer.json["detail"]
