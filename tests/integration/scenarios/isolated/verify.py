"""With --isolate call, a call finds nothing of the one before: not in memory, not in the whole container."""

from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Gateway

CLEAN = {
    "global": 0.0,
    "scratch": [],
    "shared memory": [],
    "queues": [],
    "system v": 0,
    "environment": None,
    "processes": 3,  # supervisor, template and worker
}


def verify(gateway: Gateway) -> None:
    for arguments in ({"leave": True}, {"leave": True}, {"leave": True, "spin": True}, {}):
        answer = gateway.call("isolated", arguments)
        if arguments.get("spin"):
            assert (answer.status, answer.code) == (504, "timeout"), answer.body
        else:
            assert answer.json == CLEAN, (arguments, answer.body)
    owner = owner_of(gateway.folder)
    assert len([c for c in containers_of(owner) if c.labels["jupyter-faas.function"] == "isolated"]) == 1
