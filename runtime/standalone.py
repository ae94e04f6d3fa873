"""An image serving HTTP by itself: a child of the supervisor takes the gateway's place.

It has no token and no TLS: put it behind something that has.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback

from . import syscalls


def fork_front(root: str, port: int) -> tuple[socket.socket, int]:
    """Start the HTTP server; our end of the link to it, and its process."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _become_front(root, port, theirs)
    theirs.close()
    return ours, pid


def _become_front(root: str, port: int, link: socket.socket) -> None:
    """The child's whole life; never returns."""
    try:
        syscalls.die_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        from .front import serve

        serve(root, port, link)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)
