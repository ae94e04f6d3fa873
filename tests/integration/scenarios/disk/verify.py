"""The scratch disk fills up at its cap; nothing else can be written; the host's disk knows nothing of it."""

from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    for _ in range(2):
        answer = gateway.call("fill")
        assert answer.status == 200, answer.body
        errors = answer.json["errors"]
        assert errors.pop("scratch") == "ENOSPC"
        assert errors.pop("inodes") == "ENOSPC"
        assert errors.pop("shared memory") == "ENOSPC"
        assert 15_000_000 <= answer.json["written"] <= 16_000_000 + 4096, "the cap, in whole pages"
        assert set(errors.values()) <= {"EROFS", "EACCES", "ENOENT"}, errors
    for container in containers_of(owner_of(gateway.folder)):
        changes = [change["Path"] for change in container.diff() or []]
        # Mount points that the engine itself makes in the container's own layer.
        assert set(changes) <= {"/run", "/run/faas", "/tmp", "/dev", "/proc", "/sys"}, changes
