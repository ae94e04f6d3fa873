"""Requests that are no calls, passed on to the gateway, and its answers passed back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from tornado import httputil
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.iostream import IOStream, StreamClosedError

from jupyter_faas.gateway.handlers.answers import http_answer, write

__all__ = ["Forwarder"]

ANY_SIZE: Final = 2**62
"""The gateway has bounds of its own, each with an answer that says so."""
OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
)
"""Headers that are between two neighbours (RFC 9110 §7.6.1)."""


class Forwarder(httputil.HTTPServerConnectionDelegate):
    """Gives each request a connection to the gateway: a pair of sockets, of which ``give`` takes one."""

    def __init__(self, give: Callable[[socket.socket], bool]) -> None:
        self._give = give

    def start_request(
        self, server_conn: object, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """See Tornado."""
        del server_conn
        return _Forwarded(self._give, request_conn)


class _Forwarded(httputil.HTTPMessageDelegate):
    """One request on its way to the gateway."""

    def __init__(self, give: Callable[[socket.socket], bool], caller: Any) -> None:
        self._give = give
        self._caller = caller
        self._gateway: HTTP1Connection | None = None
        self._answering: asyncio.Task[None] | None = None

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        """Begin."""
        line = cast("httputil.RequestStartLine", start_line)
        self._caller.set_max_body_size(ANY_SIZE)
        ours, theirs = socket.socketpair()
        if not self._give(theirs):
            ours.close()
            theirs.close()
            write(self._caller, http_answer(503), {"Retry-After": "1"}, line.method == "HEAD")
            return None
        ours.setblocking(False)
        parameters = HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=ANY_SIZE)
        self._gateway = HTTP1Connection(_Listening(ours), True, parameters)
        written = self._gateway.write_headers(line, _without_neighbours(headers))
        self._answering = asyncio.create_task(self._answer(self._gateway))
        return _reached(written)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass a piece of the body on, as fast as the gateway takes it."""
        if self._gateway is None or self._gateway.stream.closed():
            return None  # it has answered already
        return _reached(self._gateway.write(chunk))

    def finish(self) -> None:
        """The request is complete."""
        if self._gateway is not None and not self._gateway.stream.closed():
            self._gateway.finish()

    def on_connection_close(self) -> None:
        """The caller went away."""
        if self._gateway is not None:
            self._gateway.stream.close()
        if self._answering is not None:
            self._answering.cancel()

    async def _answer(self, gateway: HTTP1Connection) -> None:
        answer = _Answer(self._caller)
        self._caller.set_close_callback(self.on_connection_close)
        try:
            await gateway.read_response(answer)
        finally:
            gateway.stream.close()
            if not answer.complete:
                self._caller.stream.close()


class _Listening(IOStream):
    """Goes on reading where the other end reads no more: it has answered before the body was there."""

    def write_to_fd(self, data: memoryview) -> int:
        """See Tornado, which would close, and lose an answer that has come."""
        try:
            return super().write_to_fd(data)
        except (BrokenPipeError, ConnectionResetError):
            return len(data)


class _Answer(httputil.HTTPMessageDelegate):
    """The gateway's answer on its way to the caller."""

    def __init__(self, caller: Any) -> None:
        self.complete = False
        self._caller = caller

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        line = cast("httputil.ResponseStartLine", start_line)
        return _reached(self._caller.write_headers(line, _without_neighbours(headers)))

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return _reached(self._caller.write(chunk))

    def finish(self) -> None:
        self._caller.finish()
        self.complete = True


async def _reached(written: Awaitable[None]) -> None:
    """Wait until something is written; a connection that is gone is told of otherwise."""
    with contextlib.suppress(StreamClosedError):
        await written


def _without_neighbours(headers: httputil.HTTPHeaders) -> httputil.HTTPHeaders:
    kept = httputil.HTTPHeaders()
    for name, value in headers.get_all():
        if name.lower() not in OF_ONE_CONNECTION:
            kept.add(name, value)
    return kept
