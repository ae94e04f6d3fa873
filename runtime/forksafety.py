"""Whether the function, as it is after its import, survives a fork.

What a fork copies badly: threads (only the forking one is in the child, the locks of the others stay taken),
what lies outside of the process's memory (connections, positions in open files, shared memory, child
processes), and libraries that say so of themselves.
"""

from __future__ import annotations

import os
import signal
import stat
import sys

from .streams import TEMPLATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notes import Notes

SURVIVE_FORK = frozenset({"jemalloc_bg_thd"})
"""Names of native threads whose library stops and starts them around a fork (``pthread_atfork(3)``)."""
UNSAFE_MODULES = {
    "grpc": "gRPC doesn't work in forked processes",
    "jax": "JAX doesn't work in forked processes",
    "polars": "polars may hang in forked processes",
    "tensorflow": "TensorFlow doesn't work in forked processes",
}
"""Libraries whose own documentation rules a fork out, whether or not a thread of theirs runs already."""


def hindrance(notes: Notes | None) -> str:
    """Why workers can't be forked from this process, in words; empty if they can."""
    return (
        _of_modules()
        or _of_processes()
        or _of_descriptors()
        or _of_memory(notes)
        or _of_timers()
        or _of_python_threads()
    )


def threads_after_fork() -> str:
    """The same for native threads, asked after a fork: libraries that handle forks have ended theirs by then.

    OpenBLAS, which numpy brings, is the commonest: it starts its pool when it is loaded, ends it before a
    fork and starts it again when it is needed.
    """
    found = _threads()
    return f"its import has started {len(found)} threads ({', '.join(sorted(set(found)))})" if found else ""


def _of_modules() -> str:
    for name, reason in UNSAFE_MODULES.items():
        if name in sys.modules:
            return reason
    cuda = sys.modules.get("torch.cuda")
    if cuda is not None and cuda.is_initialized():
        return "torch has opened a GPU, which forked processes can't use"
    return ""


def _of_processes() -> str:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return ""
    return "its import has started processes"


def _of_descriptors() -> str:
    """Devices such as /dev/urandom may be shared; everything else has a position or a peer."""
    standard = set(range(TEMPLATE + 1))
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue  # the one that the listing itself used
        if number not in standard and not stat.S_ISCHR(mode) and not stat.S_ISDIR(mode):
            return f"its import keeps {_kind(mode)} open"
        standard.discard(number)
    return "its import has closed standard streams" if standard else ""


def _kind(mode: int) -> str:
    return (
        "a file" if stat.S_ISREG(mode) else "a connection" if stat.S_ISSOCK(mode) else "a pipe or event loop"
    )


def _of_memory(notes: Notes | None) -> str:
    ours = 0 if notes is None else notes.address
    with open("/proc/self/maps", "rb") as maps:
        shared = [line for line in maps if line.split(b" ", 2)[1] == b"rw-s"]
    foreign = any(int(line.partition(b"-")[0], 16) != ours for line in shared)
    return "its import has made shared memory" if foreign else ""


def _of_timers() -> str:
    running = any(signal.getitimer(which)[0] for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL))
    return "its import has started a timer" if running else ""


def _of_python_threads() -> str:
    threading = sys.modules.get("threading")
    running = threading is not None and threading.active_count() > 1
    return "its import has started threads" if running else ""


def _threads() -> list[str]:
    """Names of the native threads besides this one."""
    names = []
    for task in os.listdir("/proc/self/task"):
        if int(task) != os.getpid():
            try:
                with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
                    names.append(file.read().strip())
            except OSError:
                continue  # it has just ended
    return [name for name in names if name not in SURVIVE_FORK]
