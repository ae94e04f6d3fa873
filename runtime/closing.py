"""The end of a stream from outside, by its deadline or because its caller has left: what the generator has to
clean up (``finally``, ``with``) is done first, if that takes no longer than ``CLEANUP_SECONDS``.

The worker catches a signal while it streams, and only then; so the supervisor knows whom to ask.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import contextmanager

from .frames import FrameError, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .frames import Channel, Frame

SIGNAL = signal.SIGRTMIN
CLEANUP_SECONDS = 0.05


@contextmanager
def closable() -> Iterator[None]:
    """In a worker: a generator that runs inside ends where it is by ``GeneratorExit``, as by ``close()``."""
    before = signal.signal(SIGNAL, _close)
    try:
        yield
    finally:
        signal.signal(SIGNAL, before)


def _close(*_: Any) -> None:
    raise GeneratorExit


@contextmanager
def cancellable() -> Iterator[None]:
    """The same for an asynchronous generator that this task drains: it is cancelled where it awaits."""
    import asyncio

    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - this is called inside of one
    loop.add_signal_handler(SIGNAL, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(SIGNAL)


def let_clean_up(pid: int, channel: Channel, take: Callable[[Frame], None]) -> None:
    """In the supervisor: have a worker that streams end its generator; wait until it has, but not for long.

    ``take`` gets the frames that it sends before its result.
    """
    if not _catches(pid):
        return
    try:
        os.kill(pid, SIGNAL)
    except ProcessLookupError:
        return
    until = time.monotonic() + CLEANUP_SECONDS
    while not channel.ended and (left := until - time.monotonic()) > 0:
        if not select.select([channel.fileno()], [], [], left)[0]:
            return
        try:
            for frame in channel.receive():
                if frame.kind == Kind.RESULT:
                    return
                take(frame)
        except FrameError:
            return


def _catches(pid: int) -> bool:
    """Whether the process handles the signal; proc(5), ``SigCgt``."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            status = file.read()
    except OSError:
        return False
    _, _, rest = status.partition(b"SigCgt:")
    return bool(int(rest.split(None, 1)[0], 16) >> (SIGNAL - 1) & 1) if rest else False
