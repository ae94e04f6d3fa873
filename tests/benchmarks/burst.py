"""Very many first calls of one function at once."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from jupyter_faas.model.caps import Caps
from tests.benchmarks.figures import Comparison, Reading, seconds
from tests.support.docker import most_at_once, owner_of
from tests.support.gateway import Answer, Gateway
from tests.support.waiting import eventually

CALLS, BURSTS, INSTANCES = 200, 5, 2
NAME = "burst"


def burst(gateway: Gateway) -> Iterator[Comparison | Reading]:
    """Each is answered or told to come again, and no more instances start than may."""
    since = int(time.time())
    gateway.publish(
        "def burst(x):\n    return {'x': x}\n", NAME, Caps(idle_seconds=0, max_instances=INSTANCES)
    )
    image = gateway.client.function(NAME)["digest"]
    run = ["docker", "run", "--rm", "--network=none", "--entrypoint=python3", image, "-c", "pass"]
    ours, reference, refused = [], [], []
    for _ in range(BURSTS):
        eventually(lambda: gateway.client.function(NAME)["instances"] == 0)
        begun = time.perf_counter()
        answers = _answers(gateway)
        ours.append(time.perf_counter() - begun)
        refused.append(_refused(answers))
        reference.append(seconds(lambda: subprocess.run(run, check=True)))
    yield Comparison(f"{CALLS} first calls: last answer", ours, "docker run … python3 -c pass", reference)
    most = most_at_once(owner_of(gateway.folder), NAME, since)
    assert 0 < most <= INSTANCES, f"{most} instances ran at once, {INSTANCES} may"
    figures: dict[str, float] = {"refused, at most": max(refused), "instances, at most": most}
    yield Reading(f"{CALLS} first calls", figures)


def _answers(gateway: Gateway) -> list[Answer]:
    together = threading.Barrier(CALLS)

    def call(number: int) -> Answer:
        together.wait()
        answer = gateway.call(NAME, {"x": number})
        assert answer.status == 429 or answer.json == {"x": number}, answer.body
        return answer

    with ThreadPoolExecutor(CALLS) as threads:
        return list(threads.map(call, range(CALLS)))


def _refused(answers: list[Answer]) -> int:
    refused = [answer for answer in answers if answer.status == 429]
    assert all("retry-after" in answer.headers for answer in refused)
    return len(refused)
