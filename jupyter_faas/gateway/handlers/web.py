"""Requests for the web application: Tornado's, on a connection of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import cast

from tornado import httputil
from tornado.iostream import StreamClosedError

from jupyter_faas.gateway.handlers.answers import fields_of
from jupyter_faas.gateway.http.connection import Connection
from jupyter_faas.gateway.http.exchange import Exchange
from jupyter_faas.gateway.http.head import BadRequest

__all__ = ["WebConnection", "WebRequest"]


@dataclass(frozen=True)
class _Context:
    """What Tornado asks about a connection."""

    remote_ip: str
    protocol: str = "http"


class WebConnection(httputil.HTTPConnection):
    """What a handler answers to, as Tornado defines it."""

    def __init__(self, exchange: Exchange, connection: Connection) -> None:
        address = connection.address
        self.context = _Context(address[0] if isinstance(address, tuple) else "")
        self.no_keep_alive = False
        self.closed: Callable[[], None] | None = None
        """Hears of a caller who goes away before the answer is complete."""
        self._exchange = exchange

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """See Tornado."""
        self.closed = callback

    def set_max_body_size(self, max_body_size: int) -> None:
        """A longer body is refused with 400."""
        self._exchange.max_body_bytes = max_body_size

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """See Tornado."""
        status, length = cast("httputil.ResponseStartLine", start_line).code, headers.get("Content-Length")
        known = None if length is None else int(length)
        return _sent(self._exchange.start(status, fields_of(headers), known, chunk or b""))

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """See Tornado."""
        return _sent(self._exchange.write(chunk))

    def finish(self) -> None:
        """See Tornado."""
        self._exchange.finish()

    def abort(self) -> None:
        """Hang up."""
        self._exchange.abort()


class WebRequest:
    """A request on its way to a delegate of Tornado's, such as its web application."""

    def __init__(
        self, delegate: httputil.HTTPServerConnectionDelegate, exchange: Exchange, connection: Connection
    ) -> None:
        self._head = exchange.head
        self._connection = WebConnection(exchange, connection)
        self._delegate = delegate.start_request(connection, self._connection)
        self._complete = False

    def begin(self) -> Awaitable[None] | None:
        """See ``Receiver``."""
        head = self._head
        line = httputil.RequestStartLine(head.method, head.target, head.version)
        with _refusing():
            return self._delegate.headers_received(line, httputil.HTTPHeaders(head.fields))

    def take(self, piece: bytes) -> Awaitable[None] | None:
        """See ``Receiver``."""
        with _refusing():
            return self._delegate.data_received(piece)

    def finish(self) -> None:
        """See ``Receiver``."""
        self._complete = True
        with _refusing():
            self._delegate.finish()

    def leave(self) -> None:
        """See ``Receiver``."""
        if not self._complete:
            self._delegate.on_connection_close()
        elif closed := self._connection.closed:
            self._connection.closed = None
            closed()


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except httputil.HTTPInputError as error:
        raise BadRequest(str(error)) from None


def _sent(sending: asyncio.Future[None] | None) -> asyncio.Future[None]:
    """Tornado's promise that something will have been sent."""
    promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if sending is None:
        promise.set_result(None)
    else:
        sending.add_done_callback(lambda sent: _keep(promise, sent))
    return promise


def _keep(promise: asyncio.Future[None], sent: asyncio.Future[None]) -> None:
    if promise.done():
        return
    if sent.cancelled() or sent.exception() is not None:
        promise.set_exception(StreamClosedError())
        promise.exception()  # nobody may be waiting for it
    else:
        promise.set_result(None)
