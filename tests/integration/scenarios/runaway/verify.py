"""A call that never ends by itself: 504 at its cap, the CPU idle again, the next call fine."""

from tests.support.docker import busy_cpus, containers_of, owner_of
from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    gateway.call("runaway", {"how": "not at all"})
    containers = {container.id for container in containers_of(owner_of(gateway.folder))}
    for how in ("spin", "block_in_c", "ignore_sigterm"):
        answer = gateway.call("runaway", {"how": how})
        assert (answer.status, answer.code) == (504, "timeout"), answer.body
        problem = answer.json
        assert problem["phase"] == "run"
        assert problem["cap_seconds"] == 1.0
        assert 1.0 <= problem["elapsed_seconds"] <= 1.25
        assert 1.0 <= answer.seconds <= 1.25, answer.seconds
        assert busy_cpus(owner_of(gateway.folder)) < 0.2
        assert gateway.call("runaway", {"how": "not at all"}).json == "fine"
    # A passed deadline costs a worker, not the container.
    assert {container.id for container in containers_of(owner_of(gateway.folder))} == containers
