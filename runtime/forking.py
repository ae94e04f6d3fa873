"""Forking processes whose parent is the supervisor: the template off a worker, and workers off the template.

The forking process forks another that forks the wanted one and ends, so that the nearest subreaper, the
supervisor, adopts it: it sees its end, its status and its use first-hand, and all that it leaves behind.
(``clone(2)`` with ``CLONE_PARENT`` would do it in one step, past the C library, whose fork handlers are what
makes allocators, OpenBLAS and Python itself whole in the child.)
"""

from __future__ import annotations

import gc
import os
import socket
import struct

from . import forksafety, generators, joining, streams
from .frames import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import Settings
    from .worker import Connection

REQUEST = struct.Struct(">I")  # the supervisor's number for a birth; its descriptors travel along
REQUEST_DESCRIPTORS = 4  # control, stdout, stderr, records
NO_TEMPLATE = "Each worker of this function imports it anew: {}."
PID = struct.Struct("=i")  # negative: the errno that the fork failed with


def fork_template(connection: Connection, settings: Settings) -> bool:
    """Fork the template off this worker. Whether this is a worker forked from it, later on."""
    gc.freeze()  # a collection would write to the objects, and so copy the memory that is shared
    joining.close_to_others()  # the calls that this worker runs shall not reach into the template
    with connection.kept_in_forks():
        is_template = _fork_adopted(lambda pid, _: _present(connection, pid))
    if not is_template:
        joining.open_to_others()
        os.close(streams.TEMPLATE)
        return False
    joining.become_template(settings)
    streams.become_template()
    connection.renew()
    _fork_on_request(connection, settings)
    return True


def _present(connection: Connection, pid: int) -> None:
    """Say which process the template is, or that there is none: it ends as nobody holds its connection."""
    reason = forksafety.threads_after_fork()
    if reason:
        streams.log_record("INFO", NO_TEMPLATE.format(reason))
        connection.send(Kind.TEMPLATE, {"pid": 0, "alone": True})
    else:
        connection.send(Kind.TEMPLATE, {"pid": pid})


def _fork_on_request(connection: Connection, settings: Settings) -> None:
    """The template's whole life: fork a worker for each request. Returns in the workers only."""
    while True:
        data, descriptors = connection.receive_with_descriptors(REQUEST.size, REQUEST_DESCRIPTORS)
        if len(data) != REQUEST.size or len(descriptors) != REQUEST_DESCRIPTORS:
            os._exit(0)
        (birth,) = REQUEST.unpack(data)

        def tell(pid: int, errno: int, birth: int = birth) -> None:
            connection.send(Kind.FORKED, {"birth": birth, "pid": pid, "errno": errno})

        with connection.kept_in_forks():
            is_worker = _fork_adopted(tell)
        if is_worker:
            joining.join_from_template(settings)
            streams.take_over(descriptors)
            connection.renew()
            generators.reseed(f"{settings.root}/function")
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _fork_adopted(tell: Callable[[int, int], None]) -> bool:
    """Fork a process and ``tell`` its id before the supervisor can adopt it; whether this is that process.

    If it can't be forked, ``tell`` gets 0 and the ``errno``.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            between = os.fork()
        except OSError as error:
            tell(0, error.errno or 1)
            return False
        if between == 0:
            ours.close()
            return _fork_again(theirs)
        theirs.close()
        (pid,) = PID.unpack(ours.recv(PID.size) or PID.pack(-1))
        tell(max(pid, 0), max(-pid, 0))
    os.waitpid(between, 0)  # closing our end has let it go
    return False


def _fork_again(theirs: socket.socket) -> bool:
    """In the process between: fork the wanted one, wait until it is known, end. Returns in the wanted one."""
    status = 1
    try:
        pid = os.fork()
        if pid == 0:
            return True
        theirs.send(PID.pack(pid))
        theirs.recv(1)
        status = 0
    except OSError as error:
        theirs.send(PID.pack(-(error.errno or 1)))
    os._exit(status)
