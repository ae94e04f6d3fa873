"""A function that came through its check and later hangs at import: 504, phase init, tried once a call."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Gateway
from tests.support.waiting import eventually


def verify(gateway: Gateway) -> None:
    first = gateway.call("sleepy")
    assert first.status == 200, first.body
    eventually(lambda: time.time() > first.json, 10, "the time from which on importing hangs")
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda _: gateway.call("sleepy"), range(6)))
    for answer in answers:
        assert (answer.status, answer.code) == (504, "timeout"), answer.body
        assert answer.json["phase"] == "init"
        assert answer.json["cap_seconds"] == 1.5
        # All waited for the same one or two starts; a second round would take as long again.
        assert answer.seconds < 3.5
    eventually(lambda: not instances(gateway), 5, "no container is left")


def instances(gateway: Gateway) -> list[str]:
    owned = containers_of(owner_of(gateway.folder))
    return [c.id for c in owned if c.labels.get("jupyter-faas.function") == "sleepy"]
