"""Running one call: arguments in, outcome out."""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time

from . import codec, syscalls
from .facade import Context, takes_context
from .frames import Kind
from .outcomes import failure
from .results import Replier

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

VARIADIC_POSITIONAL = 0x04  # inspect.CO_VARARGS, without the import of inspect


class Caller:
    """Calls the function, again and again, and measures each call."""

    def __init__(self, entry: Entry, failures: Failures, result_bytes: int, manifest: dict[str, Any]) -> None:
        self._entry = entry
        self._failures = failures
        self._replier = Replier(result_bytes, self._wait)
        self._manifest = manifest
        self._takes_context = takes_context(entry)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._meter = Meter()

    def call(
        self, header: dict[str, Any], arguments: bytes, connection: Connection
    ) -> tuple[dict[str, Any], bytes]:
        """Header and body of the ``RESULT`` of one call; its chunks are sent by then."""
        threads = _thread_count()
        self._meter.start()
        outcome, body = self._outcome(header, arguments, connection)
        connection.check_owner()
        flush_output()
        leftovers = not outcome["ok"] and (_has_children() or _thread_count() > threads)
        usage, cpu_total = self._meter.usage()
        return {**outcome, "usage": usage, "cpu_total": cpu_total, "leftovers": leftovers}, body

    def _outcome(
        self, header: dict[str, Any], arguments: bytes, connection: Connection
    ) -> tuple[dict[str, Any], bytes]:
        def send(chunk: dict[str, Any], body: bytes) -> None:
            connection.send(Kind.CHUNK, chunk, body)

        try:
            result = self._run(header, json.loads(arguments))
            connection.check_owner()
            return self._replier.reply(result, header.get("accept", ""), send)
        except codec.Unencodable as error:
            return failure(error.code, str(error), **error.figures), b""
        except BaseException as error:
            connection.check_owner()
            return self._failures.outcome("handler-error", error, peak_bytes()), b""

    def _run(self, header: dict[str, Any], arguments: dict[str, Any]) -> Any:
        args, kwargs = bind(self._entry, arguments)
        if self._takes_context:
            kwargs["context"] = self._context(header)
        result = self._entry(*args, **kwargs)
        return self._wait(result) if hasattr(type(result), "__await__") else result

    def _context(self, header: dict[str, Any]) -> Context:
        logger = logging.getLogger(self._manifest.get("name"))
        caps = self._manifest.get("caps", {})
        return Context(str(header["id"]), float(header["timeout"]), caps, logger)

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
        try:
            self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._reset = -1

    def start(self) -> None:
        """A call begins."""
        if self._reset >= 0:
            try:
                os.write(self._reset, b"5")  # sets the peak, which getrusage reports, to the present use
            except OSError:
                self._reset = -1
        self._cpu = cpu_seconds()
        self._started = time.monotonic()

    def usage(self) -> tuple[dict[str, float], float]:
        """What the call has used so far, and the processor time that the worker has in all."""
        cpu_total = cpu_seconds()
        usage = {
            "run_seconds": round(time.monotonic() - self._started, 6),
            "cpu_seconds": round(cpu_total - self._cpu, 6),
            "peak_bytes": peak_bytes(),
        }
        return usage, cpu_total


def bind(entry: Entry, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for the named ``arguments``."""
    code = getattr(entry, "__code__", None)
    plain = code is not None and not code.co_posonlyargcount and not code.co_flags & VARIADIC_POSITIONAL
    if plain and not hasattr(entry, "__wrapped__"):
        return [], arguments
    from inspect import Parameter, signature

    left = dict(arguments)
    positional: list[Any] = []
    for name, parameter in signature(entry).parameters.items():
        if parameter.kind == Parameter.VAR_POSITIONAL:
            positional.extend(left.pop(name, ()))
        elif parameter.kind not in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}:
            continue
        elif name in left:
            positional.append(left.pop(name))
        elif parameter.default is Parameter.empty:
            break  # the call itself says which argument is missing
        else:
            positional.append(parameter.default)
    return positional, left


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
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
