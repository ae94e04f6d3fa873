"""Allocating past the cap: told so, with cap and peak; the next call is fine."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    assert gateway.call("allocate", {"megabytes": 10}).json == 10_000_000
    for _ in range(2):
        answer = gateway.call("allocate", {"megabytes": 500})
        assert (answer.status, answer.code) == (502, "out-of-memory"), answer.body
        problem = answer.json
        # The kernel counts whole pages.
        assert 128_000_000 - 4096 <= problem["cap_bytes"] <= 128_000_000
        assert 100_000_000 < problem["peak_bytes"] <= 128_000_000
        assert "--memory" in problem["detail"]
        assert gateway.call("allocate", {"megabytes": 10}).json == 10_000_000
