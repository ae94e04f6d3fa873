"""What the kernel offers and Python's ``os`` doesn't: ``prctl`` and the flushing of C's own buffers."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_LIBC = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, argument: int, pointer: ctypes.c_void_p | None = None) -> bool:
    """Call ``prctl(2)``; whether the kernel agreed."""
    zero = ctypes.c_ulong(0)
    return bool(_LIBC.prctl(option, ctypes.c_ulong(argument), pointer or zero, zero, zero) == 0)


def set_dumpable(dumpable: bool) -> None:
    """Let processes of the same user read and trace this one, or not."""
    prctl(PR_SET_DUMPABLE, int(dumpable))


def adopt_orphans(adopt: bool = True) -> None:
    """Become the parent of every orphan below this process, or leave them to the one above."""
    prctl(PR_SET_CHILD_SUBREAPER, int(adopt))


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def flush_c_output() -> None:
    """Write out what C code left in stdio's buffers (a pipe makes them fully buffered)."""
    _LIBC.fflush(None)
