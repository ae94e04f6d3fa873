"""Many calls of every kind at once: every answer is right, and nothing is left. `make soak` has more."""

from __future__ import annotations

import pytest

from tests.benchmarks.soak.run import soak
from tests.support.gateway import Gateway

pytestmark = pytest.mark.docker

CALLS = 2500


def test_answers_belong_to_their_calls_and_nothing_is_left(own_gateway: Gateway) -> None:
    done = soak(own_gateway, CALLS, seed=1, tell=lambda _: None)
    assert not done.faults, "\n".join([*done.faults, own_gateway.log[-2000:]])
    assert len(done.findings.invocations) > CALLS / 2
