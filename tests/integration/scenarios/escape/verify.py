"""What a hostile function finds: no rights, no secrets of ours, no way out."""

import json

from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Gateway

DENIED = {"PermissionError"}
OWN_MOUNTS = ("/proc", "/sys", "/dev", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
"""What every container has; the last three are files that the engine makes for it."""


def verify(gateway: Gateway) -> None:
    answer = gateway.call("escape")
    assert answer.status == 200, answer.body
    found = answer.json
    assert found["uid"] == 10001
    assert int(found["capabilities"], 16) == 0
    assert found["no_new_privs"] == "1"
    assert found["seccomp"] == "2"
    for attempt in ("supervisor's environment", "supervisor's memory", "mount", "setuid", "namespaces"):
        assert found[attempt] in DENIED, (attempt, found[attempt])
    assert found["raw socket"] in {"PermissionError", "OSError"}
    assert found["docker"] == []
    assert not [name for name in found["environment"] if name.startswith("FAAS_")]
    assert [path for path in found["mounts"] if not path.startswith(OWN_MOUNTS)] == ["/", "/run/faas", "/tmp"]
    assert found["link"] == "[]"
    # To the function, PIDs 1's SIGKILL is nothing: the supervisor goes on.
    assert gateway.call("escape").status == 200
    # The environment value reached the function, and nothing else.
    assert found["api_key"] == "very-secret"
    assert "very-secret" not in gateway.log
    assert "very-secret" not in json.dumps(gateway.client.function("escape"))
    for container in containers_of(owner_of(gateway.folder)):
        assert "very-secret" not in json.dumps(container.attrs)
        assert "very-secret" not in json.dumps(container.image.attrs)
