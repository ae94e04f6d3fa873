"""Nested dataclasses, enums, times and decimals come as what they are; what is none of them is 422."""

from typing import Any

from tests.support.gateway import Gateway

ORDER: dict[str, Any] = {
    "placed": "2024-02-28T12:00:00+00:00",
    "items": [{"name": "cup", "price": "2.50"}, {"name": "jar", "price": "0.10", "size": "large"}],
}


def verify(gateway: Gateway) -> None:
    answer = gateway.call("deliver", {"order": ORDER, "within": "P1DT6H", "notes": ["fragile"]})
    assert answer.status == 200, answer.body
    assert answer.json == {
        "by": "2024-02-29T18:00:00+00:00",
        "total": "2.60",
        "large": ["jar"],
        "notes": ["fragile"],
    }
    assert gateway.call("deliver", {"order": ORDER}).json["by"] == "2024-02-29T12:00:00+00:00"
    for order, path in (
        ({**ORDER, "placed": "yesterday"}, "$.order.placed"),
        ({**ORDER, "items": []}, "$.order"),
        ({**ORDER, "items": [{"name": "cup", "price": "1", "size": "huge"}]}, "$.order.items[0].size"),
        ({**ORDER, "items": [{"name": "cup"}]}, "$.order.items[0]"),
        ({**ORDER, "colour": "red"}, "$.order"),
    ):
        answer = gateway.call("deliver", {"order": order})
        assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
        assert [fault["path"] for fault in answer.json["faults"]] == [path]
    schema = gateway.client.function("deliver")["input_schema"]
    assert schema["properties"]["order"]["description"] == "what was ordered"
    assert set(schema["$defs"]) == {"Order", "Item"}
