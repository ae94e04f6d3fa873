"""One request handed on to the gateway, and its answer handed back as it comes.

Tornado's own client side of a connection rather than its ``AsyncHTTPClient``: that one can't be told to
stop, and a follower of logs that has gone may leave a stream that stays silent for days.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import StreamClosedError
from tornado.tcpclient import TCPClient

from jupyter_faas.client.connection import Connection
from jupyter_faas.client.identity import identity
from jupyter_faas.model.errors import GatewayUnavailable

__all__ = ["Answer", "Relay"]

CONNECT_SECONDS: Final = 5.0
UNBOUNDED: Final = 2**62  # the gateway has caps of its own for what it sends
PIECE_BYTES: Final = 64 * 1024


class Answer(Protocol):
    """Who is told of the gateway's answer."""

    def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        """Its head."""

    def piece(self, content: bytes) -> Awaitable[None]:
        """A part of its body; the next is read when this one has been taken."""


class Relay:
    """One exchange with the gateway; ``close`` ends it from outside."""

    def __init__(self, gateway: Connection) -> None:
        self._gateway = gateway
        self._connection: HTTP1Connection | None = None
        self._closed = False

    async def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, answer: Answer
    ) -> None:
        """Send a request, ``path`` being relative to the gateway's address, and hand its answer on.

        Raises ``GatewayUnavailable`` if there is none, or if it ends before its end.
        """
        parts = urlsplit(self._gateway.url)
        try:
            connection = await self._connect(parts.hostname or "", parts.port, parts.scheme == "https")
            own = {"Host": parts.netloc, "Connection": "close", "Content-Length": str(len(body))}
            sent = HTTPHeaders({**headers, **own, **identity(self._gateway.token)})
            start = RequestStartLine(method, parts.path + path, "HTTP/1.1")
            connection.write_headers(start, sent, body or None)
            connection.finish()
            incoming = _Incoming(answer)
            await connection.read_response(incoming)
        except (OSError, StreamClosedError) as error:
            raise self._unavailable(str(error)) from error
        finally:
            self.close()
        if not incoming.finished:
            raise self._unavailable("it ended before its answer did")

    def close(self) -> None:
        """End the exchange, wherever it is."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    async def _connect(self, host: str, port: int | None, https: bool) -> HTTP1Connection:
        stream = await TCPClient().connect(
            host,
            port or (443 if https else 80),
            ssl_options=ssl.create_default_context() if https else None,
            timeout=CONNECT_SECONDS,
        )
        parameters = HTTP1ConnectionParameters(
            no_keep_alive=True, chunk_size=PIECE_BYTES, max_body_size=UNBOUNDED
        )
        self._connection = HTTP1Connection(stream, True, parameters)
        if self._closed:
            self._connection.close()
        return self._connection

    def _unavailable(self, reason: str) -> GatewayUnavailable:
        return GatewayUnavailable(
            f"The connection to the gateway at {self._gateway.url} failed: {reason}. See whether it runs "
            "with `jupyter faas status`."
        )


class _Incoming(HTTPMessageDelegate):
    """What Tornado tells of an answer, told to an ``Answer``."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.finished = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, ResponseStartLine)  # noqa: S101 - this is the client's side
        if start_line.code >= 200:  # what comes before is only about the connection
            self._answer.begin(start_line.code, start_line.reason, headers)
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None]:
        return self._answer.piece(chunk)

    def finish(self) -> None:
        self.finished = True
