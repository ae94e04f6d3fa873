"""Fork bomb, thread bomb, 100,000 files: contained, clearly said, and gone afterwards."""

from tests.support.docker import containers_of, owner_of, processes_of
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

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
    owner = owner_of(gateway.folder)
    assert len([c for c in containers_of(owner) if c.labels["jupyter-faas.function"] == "bomb"]) == 1
    eventually(
        lambda: len(processes_of(owner, "bomb")) == 3, 2, "only supervisor, template and worker are left"
    )
