"""Fork bomb, thread bomb, 100,000 files: contained, clearly said, and gone afterwards."""

from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Gateway

SAYS = {
    "fork": ("BlockingIOError", "--pids"),
    "fork from everywhere": ("BlockingIOError", "--pids"),
    "threads": ("RuntimeError", "--pids"),
    "files": ("OSError", "1024"),
}


def verify(gateway: Gateway) -> None:
    for kind, (exception, hint) in SAYS.items():
        answer = gateway.call("bomb", {"kind": kind})
        assert (answer.status, answer.code) == (500, "handler-error"), (kind, answer.body)
        assert answer.json["exception"] == exception, answer.body
        assert hint in answer.json["detail"], answer.body
        assert gateway.call("bomb", {"kind": "none"}).json == "fine"
    # All in the one container that max-instances allows.
    mine = [
        container
        for container in containers_of(owner_of(gateway.folder))
        if container.labels.get("jupyter-faas.function") == "bomb"
    ]
    assert len(mine) == 1
    assert len(mine[0].top()["Processes"]) == 2
