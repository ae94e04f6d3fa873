"""Tornado's HTTP server with a short way for calls, and with patience for callers that ends."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, Final, cast

from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from jupyter_faas.gateway.handlers.caller_stream import CallerStream
from jupyter_faas.gateway.handlers.invoke import CallRequest
from jupyter_faas.gateway.handlers.site import CallSite

__all__ = ["CALL", "CallServer"]

log = logging.getLogger(__name__)

_NAME: Final = r"([A-Za-z_][A-Za-z0-9_-]*)"
CALL: Final = re.compile(rf"/functions/{_NAME}(?:@([A-Za-z0-9_.-]+))?")
"""The path of a call: the function, and which version if it is named."""
SWEEP_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.02


class CallServer(HTTPServer):
    """Calls, requests for a ``path``, go the short way, all other requests to ``others``.

    A connection on which no request's head is complete ``idle_seconds`` after the answer before it (or after
    its opening) is closed, and one on which a body doesn't go on for ``body_seconds``.
    """

    def initialize(  # type: ignore[override]
        self,
        site: CallSite,
        others: httputil.HTTPServerConnectionDelegate,
        idle_seconds: float,
        body_seconds: float,
        path: re.Pattern[str] = CALL,
    ) -> None:
        """Tornado's constructor."""
        super().initialize(others)
        # Tornado's own timeout takes two futures and a timer for each request.
        self.conn_params.header_timeout = None
        self._site = site
        self._others = others
        self._path = path
        self._idle_seconds = idle_seconds
        self._body_seconds = body_seconds
        self._due: dict[Any, float] = {}
        self._answering: set[object] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def stop(self) -> None:
        """Take no more connections; those that are open go on."""
        self._sweeping.cancel()
        super().stop()

    async def answered(self) -> None:
        """Wait until no request is here whose answer isn't written."""
        while self._answering:  # noqa: ASYNC110 - an event would cost something for each request
            await asyncio.sleep(POLL_SECONDS)

    # For the connections

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """See Tornado."""
        # Nothing has happened on it yet: another can take its socket.
        super().handle_stream(CallerStream(stream.socket) if type(stream) is IOStream else stream, address)

    def start_request(
        self, server_conn: object, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """See Tornado."""
        self._answering.discard(server_conn)
        self._due[server_conn] = self._loop.time() + self._idle_seconds
        return _Request(self, server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """See Tornado."""
        self._answering.discard(server_conn)
        self._due.pop(server_conn, None)
        super().on_close(server_conn)

    def await_body(self, server_conn: object) -> None:
        """A head or a piece of a body has come."""
        self._due[server_conn] = self._loop.time() + self._body_seconds

    def await_nothing(self, server_conn: object) -> None:
        """The request is complete: the caller waits for us."""
        self._answering.add(server_conn)
        self._due.pop(server_conn, None)

    def delegate_of(
        self, path: str, version: str, host: str | None, server_conn: object, request_conn: Any
    ) -> httputil.HTTPMessageDelegate:
        """Who takes a request."""
        match = self._path.fullmatch(path)
        if match is None:
            return self._others.start_request(server_conn, request_conn)
        _check_host(host, version)
        return CallRequest(self._site, request_conn, *match.groups())

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in [connection for connection, due in self._due.items() if due < now]:
            log.info("a caller at %s is too slow, or idle", connection.context)
            connection.stream.close()
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)


class _Request(httputil.HTTPMessageDelegate):
    """A request, handed on to its delegate as soon as it is known where it goes."""

    def __init__(self, server: CallServer, server_conn: object, connection: httputil.HTTPConnection) -> None:
        self._server = server
        self._server_conn = server_conn
        self._connection = connection
        self._delegate = httputil.HTTPMessageDelegate()  # does nothing

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        self._server.await_body(self._server_conn)
        line = cast("httputil.RequestStartLine", start_line)
        path = line.path.partition("?")[0]
        self._delegate = self._server.delegate_of(
            path, line.version, headers.get("Host"), self._server_conn, self._connection
        )
        return self._delegate.headers_received(line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._server.await_body(self._server_conn)
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._server.await_nothing(self._server_conn)
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


@lru_cache(256)
def _check_host(host: str | None, version: str) -> None:
    """What Tornado checks of a ``Host`` (RFC 9112 §3.2), remembered; raises ``HTTPInputError``."""
    headers = httputil.HTTPHeaders({} if host is None else {"Host": host})
    httputil.HTTPServerRequest(
        start_line=httputil.RequestStartLine("GET", "/", version), headers=headers, connection=None
    )
