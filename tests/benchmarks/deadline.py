"""How exactly a deadline is kept: how long after it the answer comes, with nothing of the call left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from jupyter_faas.model.caps import Caps
from tests.benchmarks.figures import Comparison
from tests.support.gateway import Gateway

KILLS = 50
CAP_SECONDS = 0.2
SPIN = "def spin(endless=True):\n    while endless:\n        pass\n    return True\n"


def deadline(gateway: Gateway) -> Iterator[Comparison]:
    """In turns with asyncio's own timer, which the gateway's deadlines are made of."""
    gateway.publish(SPIN, "spin", Caps(timeout_seconds=CAP_SECONDS, max_instances=1))
    ours, reference = [], []
    for _ in range(KILLS):
        warm = gateway.call("spin", {"endless": False})  # so that the worker is there
        assert warm.status == 200, warm.body
        answer = gateway.call("spin")
        assert answer.status == 504, answer.body
        ours.append(answer.seconds - CAP_SECONDS)
        reference.append(_timer_seconds() - CAP_SECONDS)
    yield Comparison("504 after the deadline", ours, "asyncio's own timer", reference)


def _timer_seconds() -> float:
    async def wait() -> float:
        begun = time.perf_counter()
        await asyncio.sleep(CAP_SECONDS)
        return time.perf_counter() - begun

    return asyncio.run(wait())
