"""A process below the supervisor, before any user code runs in it: parentage, signals, limits, place."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time

from . import syscalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .workers import Settings

NICENESS = 5  # the supervisor gets its turn when user code takes all that there is
WORKER_OOM_SCORE = "1000"  # the kernel shall choose a worker first,
TEMPLATE_OOM_SCORE = "500"  # then the template, which costs an import, and the supervisor last
ADOPTION_SECONDS = 5.0
WAIT_SECONDS = 0.0001


def join_supervisor(settings: Settings) -> None:
    """Become a process of its own, fresh from the supervisor's fork."""
    syscalls.set_dumpable(True)  # the supervisor isn't; without this much of /proc/self would be closed to us
    _end_with_supervisor(settings)
    syscalls.adopt_orphans()  # so that all we start stays below us, where the supervisor finds it
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.nice(NICENESS)
    os.setsid()  # signals to the own process group stay here
    _write_if_allowed("/proc/self/oom_score_adj", WORKER_OOM_SCORE)
    if settings.open_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (settings.open_files, settings.open_files))


def become_template() -> None:
    """Close this process to workers, which run as the same user, and leave orphans to the supervisor."""
    _write_if_allowed("/proc/self/oom_score_adj", TEMPLATE_OOM_SCORE)
    syscalls.set_dumpable(False)
    syscalls.adopt_orphans(False)


def join_from_template(settings: Settings) -> None:
    """Become a process of its own, fresh from the template's fork and adopted by the supervisor."""
    syscalls.set_dumpable(True)
    deadline = time.monotonic() + ADOPTION_SECONDS
    while os.getppid() != settings.supervisor:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(WAIT_SECONDS)
    _end_with_supervisor(settings)
    syscalls.adopt_orphans()
    os.setsid()
    _write_if_allowed("/proc/self/oom_score_adj", WORKER_OOM_SCORE)


def settle(settings: Settings) -> None:
    """The working directory, and what of the environment is the sandbox's."""
    os.environ["HOME"] = os.environ["TMPDIR"] = settings.scratch
    os.chdir(settings.scratch)
    sys.argv = ["handler.py"]
    sys.dont_write_bytecode = True


def _end_with_supervisor(settings: Settings) -> None:
    syscalls.die_with_parent()
    if os.getppid() != settings.supervisor:
        os._exit(1)  # it ended before we could ask to end with it


def _write_if_allowed(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    except OSError:
        return
