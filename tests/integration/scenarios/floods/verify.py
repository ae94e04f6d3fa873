"""Floods: a log is cut at its cap with a mark and the call succeeds; a result over its cap is refused."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    answer = gateway.call("flood", {"print_megabytes": 100})
    assert answer.status == 200, answer.body
    logs = gateway.client.invocation(answer.headers["faas-invocation-id"])["logs"]
    size = sum(len(entry["text"]) for entry in logs)
    assert 900_000 < size < 1_100_000
    assert logs[-1]["stream"] == "faas"
    assert "cut" in logs[-1]["text"]

    answer = gateway.call("flood", {"return_megabytes": 100})
    assert (answer.status, answer.code) == (502, "result-too-large"), answer.body
    assert answer.json["cap_bytes"] == 10_000_000
    assert answer.json["size_bytes"] >= 100_000_000
    assert gateway.call("flood").json == ""
