"""The template's side of a fork: a worker whose parent is the supervisor and not the template.

The template forks a process that forks the worker and ends, so that the nearest subreaper, the supervisor,
adopts the worker: it sees its end, its status and its use first-hand, and all that it leaves behind.
(``clone(2)`` with ``CLONE_PARENT`` would do it in one step, past the C library, whose fork handlers are what
makes allocators, OpenBLAS and Python itself whole in the child.)
"""

from __future__ import annotations

import os
import socket
import struct

from . import joining, streams
from .frames import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .worker import Connection
    from .workers import Settings

REQUEST = struct.Struct(">I")  # the supervisor's number for a birth; its descriptors travel along
REQUEST_DESCRIPTORS = 4  # control, stdout, stderr, records
PID = struct.Struct("=i")  # negative: the errno that the fork failed with


def fork_on_request(connection: Connection, settings: Settings) -> None:
    """Fork a worker for each request; returns in the workers only, the template ends here."""
    while True:
        data, descriptors = connection.receive_with_descriptors(REQUEST.size, REQUEST_DESCRIPTORS)
        if len(data) != REQUEST.size or len(descriptors) != REQUEST_DESCRIPTORS:
            os._exit(0)
        with connection.kept_in_forks():
            is_worker = _fork(connection, REQUEST.unpack(data)[0])
        if is_worker:
            joining.join_from_template(settings)
            streams.take_over(descriptors)
            connection.renew()
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _fork(connection: Connection, birth: int) -> bool:
    """Fork a worker, and tell the supervisor who it is before it can adopt it; whether this is the worker."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            between = os.fork()
        except OSError as error:
            connection.send(Kind.FORKED, {"birth": birth, "errno": error.errno})
            return False
        if between == 0:
            ours.close()
            return _fork_again(theirs)
        theirs.close()
        (pid,) = PID.unpack(ours.recv(PID.size) or PID.pack(-1))
        told = {"birth": birth, "pid": pid} if pid > 0 else {"birth": birth, "errno": -pid}
        connection.send(Kind.FORKED, told)
    os.waitpid(between, 0)  # closing our end has let it go
    return False


def _fork_again(theirs: socket.socket) -> bool:
    """In the process between: fork the worker, wait until it is known, and end. Returns in the worker."""
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
