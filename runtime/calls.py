"""Running one call: arguments in, outcome out."""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from functools import partial

from . import processes, syscalls, uploads
from .binding import Binder
from .facade import Context, takes_context
from .faults import Fault
from .frames import Kind
from .outcomes import CallFailed
from .results import Replier
from .tracing import Tracing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    from .failures import Failures

    class Connection(Protocol):
        """Where chunks go, and who may still answer; see ``worker.py``."""

        def check_owner(self) -> None:
            """End a process that came back from user code."""

        def send(self, kind: Kind, header: dict[str, Any], body: bytes = b"") -> None:
            """Send one frame."""

    Entry = Callable[..., Any]


class Caller:
    """Calls the function, again and again, and measures each call."""

    def __init__(self, entry: Entry, failures: Failures, result_bytes: int, manifest: dict[str, Any]) -> None:
        self._entry = entry
        self._binder = Binder(entry)
        self.failures = failures
        self._replier = Replier(result_bytes, self._wait)
        self._manifest = manifest
        self._takes_context = takes_context(entry)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._meter = Meter()
        self._tracing = Tracing()

    @property
    def forkable(self) -> bool:
        """Whether workers may be forked with it; no if each has something of its own to prepare."""
        return not hasattr(self._entry, "prepare_worker")

    def prepare(self, connection: Connection) -> None:
        """What the function has to do in each worker before its first call, if there is any such thing.

        It gets what takes its progress.
        """
        prepare = getattr(self._entry, "prepare_worker", None)
        if prepare is not None:
            prepare(partial(connection.send, Kind.PROGRESS))

    def call(
        self, header: dict[str, Any], body: bytes, connection: Connection
    ) -> tuple[dict[str, Any], bytes]:
        """Header and body of the ``RESULT`` of one ``CALL``; its chunks are sent by then."""
        threads = _thread_count()
        token = self._tracing.begin(header)
        self._meter.start()
        outcome, result = self._outcome(header, body, connection)
        self._tracing.end(token)
        connection.check_owner()
        uploads.clear()
        flush_output()
        # Reading a file may start threads too (Arrow's pool): they aren't the function's.
        failed = outcome.get("code") not in {None, "invalid-input"}
        leftovers = failed and (self._left_children() or _thread_count() > threads)
        usage, cpu_total = self._meter.usage()
        header = {**outcome, "usage": usage, "cpu_total": cpu_total, "leftovers": leftovers}
        if self._meter.children:
            header["children"] = True  # the kernel may have ended some of them
        return header, result

    def _outcome(
        self, header: dict[str, Any], body: bytes, connection: Connection
    ) -> tuple[dict[str, Any], bytes]:
        def send(chunk: dict[str, Any], content: bytes) -> None:
            connection.send(Kind.CHUNK, chunk, content)

        try:
            try:
                args, kwargs = self._binder.bind(header, body)
            except Fault as fault:
                return fault.outcome(), b""
            if self._takes_context:
                kwargs["context"] = self._context(header)
            result = self._run(args, kwargs)
            connection.check_owner()
            return self._replier.reply(result, header.get("accept", ""), send)
        except CallFailed as error:
            connection.check_owner()
            return error.outcome(), error.attached
        except BaseException as error:
            connection.check_owner()
            return self.failures.outcome("handler-error", error, peak_bytes()), b""

    def _run(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        result = self._entry(*args, **kwargs)
        return self._wait(result) if hasattr(type(result), "__await__") else result

    def _context(self, header: dict[str, Any]) -> Context:
        logger = logging.getLogger(self._manifest.get("name"))
        caps = self._manifest.get("caps", {})
        trace = (str(header.get(name, "")) for name in ("traceparent", "tracestate"))
        return Context(str(header["id"]), float(header["timeout"]), caps, logger, *trace)

    def _left_children(self) -> bool:
        """Whether processes are left, apart from those that a function of our own says it keeps."""
        kept: frozenset[int] = getattr(self._entry, "kept_processes", frozenset())
        return bool(processes.children(os.getpid()) - kept) if kept else _has_children()

    def _wait(self, awaitable: Awaitable[Any]) -> Any:
        """Await it on a loop that lives as long as the worker, as connections kept between calls need."""
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(_awaited(awaitable))


class Meter:
    """Time, processor time and peak memory of one call."""

    def __init__(self) -> None:
        self._started = 0.0
        self._cpu = 0.0
        self._reset: int | None = None
        self._faults = 0
        self.children = False
        """Whether the call had child processes that have ended."""

    def start(self) -> None:
        """A call begins."""
        if self._reset is None:  # not before: it means the process that opens it
            self._reset = _open_if_allowed("/proc/self/clear_refs")
        if self._reset >= 0:
            try:
                os.write(self._reset, b"5")  # sets the peak, which getrusage reports, to the present use
            except OSError:
                self._reset = -1
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._faults = children.ru_minflt  # each process has some
        self._cpu = _cpu_seconds(resource.getrusage(resource.RUSAGE_SELF), children)
        self._started = time.monotonic()

    def usage(self) -> tuple[dict[str, float], float]:
        """What the call has used so far, and the processor time that the worker has in all."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.children = children.ru_minflt != self._faults
        cpu_total = _cpu_seconds(own, children)
        usage = {
            "run_seconds": round(time.monotonic() - self._started, 6),
            "cpu_seconds": round(cpu_total - self._cpu, 6),
            "peak_bytes": own.ru_maxrss * 1024,
        }
        return usage, cpu_total


def _open_if_allowed(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return _cpu_seconds(own, children)


def _cpu_seconds(own: resource.struct_rusage, children: resource.struct_rusage) -> float:
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_bytes() -> int:
    """The most memory that this process had since the start of the call."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def flush_output() -> None:
    """Write out what is buffered; user code may have replaced or closed any of the streams."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()  # type: ignore[union-attr]
        except Exception:  # noqa: S112 - nothing of ours is lost
            continue
    syscalls.flush_c_output()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _thread_count() -> int:
    """Native threads too, unlike threading's count: each is a folder there, and so a link to it."""
    return os.stat("/proc/self/task").st_nlink


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
