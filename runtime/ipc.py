"""System V shared memory, semaphores and queues (``sysvipc(7)``), which outlive those that made them."""

from __future__ import annotations

import ctypes
import os

IPC_RMID = 0
KINDS = ("shm", "sem", "msg")


def objects() -> frozenset[tuple[str, int]]:
    """Kind and id of every object in this IPC namespace."""
    found: set[tuple[str, int]] = set()
    for kind in KINDS:
        try:
            with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
                lines = file.read().splitlines()[1:]
        except OSError:
            continue  # a kernel without them
        found.update((kind, int(line.split()[1])) for line in lines)
    return frozenset(found)


def remove(unwanted: frozenset[tuple[str, int]]) -> None:
    """Remove these; raises ``OSError`` if one can't be."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, number in unwanted:
        if kind == "sem":
            status = libc.semctl(number, 0, IPC_RMID)
        elif kind == "shm":
            status = libc.shmctl(number, IPC_RMID, None)
        else:
            status = libc.msgctl(number, IPC_RMID, None)
        if status != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), f"{kind} {number}")
