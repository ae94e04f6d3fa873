"""The supervisor: PID 1 of an instance.

It holds the link to the gateway and forks the workers. It runs no user code, has one thread and one loop,
and outlives whatever happens to a worker.
"""

from __future__ import annotations

import os
import signal
import sys

from . import syscalls
from .instance import Instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket


def main(root: str) -> int:
    """Serve the function in ``root`` until the link closes; the exit status."""
    syscalls.set_dumpable(False)  # user code runs as the same user and shall not look into this process
    syscalls.adopt_orphans()
    environ = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("FAAS_")}
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_early)
    try:
        connection, front = _connect(root, environ)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The function can't be served: {error}\n")
        return 2
    return Instance(root, environ, connection, front).run()


def _connect(root: str, environ: dict[str, str]) -> tuple[socket.socket, int]:
    """The link, and the process at its other end if that is one of ours."""
    if "FAAS_LINK" in environ:
        from .link import connect

        return connect(environ["FAAS_LINK"], environ.get("FAAS_SECRET_SHA256", "")), 0
    if "PORT" in os.environ:
        from .standalone import fork_front

        return fork_front(root, int(os.environ["PORT"]))
    raise ValueError("neither FAAS_LINK nor PORT is set")


def _end_early(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a signal handler
    """Before the loop runs there is nothing to end but ourselves; an exception might get lost on its way."""
    os._exit(0)
