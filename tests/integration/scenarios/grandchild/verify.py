"""What a call started in the background dies with it, however it hid."""

import time

from tests.support.docker import owner_of, processes_of
from tests.support.gateway import Gateway
from tests.support.waiting import eventually


def processes(gateway: Gateway) -> list[int]:
    return processes_of(owner_of(gateway.folder), "daemonize")


def verify(gateway: Gateway) -> None:
    answer = gateway.call("daemonize", {"delay_seconds": 3, "then_wait": True})
    assert (answer.status, answer.code) == (504, "timeout"), answer.body
    ended = time.monotonic()
    # The supervisor, the template and the new worker, nobody else.
    eventually(lambda: len(processes(gateway)) == 3, 2, "only supervisor, template and worker are left")
    eventually(lambda: time.monotonic() > ended + 2.5, 5, "the grandchild would have written by now")
    assert gateway.call("daemonize", {"delay_seconds": 60, "then_wait": False}).json == {"written": False}
