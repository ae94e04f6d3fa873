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
    from .settings import Settings

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


def close_to_others() -> None:
    """Let this process and those that it forks be neither read nor traced by others of the same user.

    Processes whose parent ends go to the supervisor meanwhile, and not to this one.
    """
    _write_if_allowed("/proc/self/oom_score_adj", TEMPLATE_OOM_SCORE)
    syscalls.set_dumpable(False)  # from here on that file is closed to us too
    syscalls.adopt_orphans(False)


def open_to_others() -> None:
    """Undo it, for a worker."""
    syscalls.set_dumpable(True)
    _write_if_allowed("/proc/self/oom_score_adj", WORKER_OOM_SCORE)
    syscalls.adopt_orphans()


def become_template(settings: Settings) -> None:
    """Become a process of its own, fresh from a fork and adopted by the supervisor, closed to others."""
    _await_adoption(settings)
    os.setsid()


def join_from_template(settings: Settings) -> None:
    """Become a worker of its own, fresh from the template's fork and adopted by the supervisor."""
    _await_adoption(settings)
    open_to_others()
    os.setsid()


def settle(settings: Settings) -> None:
    """The working directory, and what of the environment is the sandbox's."""
    os.environ["HOME"] = os.environ["TMPDIR"] = settings.scratch
    os.chdir(settings.scratch)
    sys.argv = ["handler.py"]
    sys.dont_write_bytecode = True


def _await_adoption(settings: Settings) -> None:
    deadline = time.monotonic() + ADOPTION_SECONDS
    while os.getppid() != settings.supervisor and time.monotonic() < deadline:
        time.sleep(WAIT_SECONDS)
    _end_with_supervisor(settings)


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
