"""Requests that are no calls, passed on to the gateway, and its answers passed back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Final, cast

from tornado import httputil
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.iostream import IOStream, StreamClosedError

from jupyter_faas.gateway.handlers.answers import fields_of, http_answer, write
from jupyter_faas.gateway.http.exchange import Exchange

__all__ = ["Forwarded"]

ANY_SIZE: Final = 2**62
"""The gateway has bounds of its own, each with an answer that says so."""
OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
)
"""Headers that are between two neighbours (RFC 9110 §7.6.1)."""


class Forwarded:
    """One request on its way to the gateway, on a connection of its own: a pair of sockets, of which ``give``
    takes one."""

    def __init__(self, give: Callable[[socket.socket], bool], exchange: Exchange) -> None:
        self._give = give
        self._exchange = exchange
        self._gateway: HTTP1Connection | None = None
        self._answering: asyncio.Task[None] | None = None

    def begin(self) -> Awaitable[None] | None:
        """Begin."""
        self._exchange.max_body_bytes = ANY_SIZE
        ours, theirs = socket.socketpair()
        if not self._give(theirs):
            ours.close()
            theirs.close()
            write(self._exchange, http_answer(503), {"Retry-After": "1"})
            return None
        ours.setblocking(False)
        head = self._exchange.head
        parameters = HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=ANY_SIZE)
        self._gateway = HTTP1Connection(_Listening(ours), True, parameters)
        line = httputil.RequestStartLine(head.method, head.target, head.version)
        written = self._gateway.write_headers(line, _without_neighbours(httputil.HTTPHeaders(head.fields)))
        self._answering = asyncio.create_task(self._answer(self._gateway))
        return _reached(written)

    def take(self, piece: bytes) -> Awaitable[None] | None:
        """Pass a piece of the body on, as fast as the gateway takes it."""
        if self._gateway is None or self._gateway.stream.closed():
            return None  # it has answered already
        return _reached(self._gateway.write(piece))

    def finish(self) -> None:
        """The request is complete."""
        if self._gateway is not None and not self._gateway.stream.closed():
            self._gateway.finish()

    def leave(self) -> None:
        """The caller went away."""
        if self._gateway is not None:
            self._gateway.stream.close()
        if self._answering is not None:
            self._answering.cancel()

    async def _answer(self, gateway: HTTP1Connection) -> None:
        answer = _Answer(self._exchange)
        try:
            await gateway.read_response(answer)
        finally:
            gateway.stream.close()
            if not self._exchange.finished:
                self._exchange.abort()


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

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        status, length = cast("httputil.ResponseStartLine", start_line).code, headers.get("Content-Length")
        fields = fields_of(_without_neighbours(headers))
        return _reached(self._exchange.start(status, fields, None if length is None else int(length)))

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return _reached(self._exchange.write(chunk))

    def finish(self) -> None:
        self._exchange.finish()


async def _reached(written: Awaitable[None] | None) -> None:
    """Wait until something is written; a connection that is gone is told of otherwise."""
    with contextlib.suppress(StreamClosedError, ConnectionError):
        if written is not None:
            await written


def _without_neighbours(headers: httputil.HTTPHeaders) -> httputil.HTTPHeaders:
    kept = httputil.HTTPHeaders()
    for name, value in headers.get_all():
        if name.lower() not in OF_ONE_CONNECTION:
            kept.add(name, value)
    return kept
