"""HTTP to one gateway over connections that are kept and used again.

``http.client`` rather than a library: what a notebook imports to make a call should be small.
"""

from __future__ import annotations

import http.client
import select
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from jupyter_faas.client.answers import Response, error_of_response
from jupyter_faas.client.identity import identity
from jupyter_faas.client.ongoing import Ongoing
from jupyter_faas.model.errors import GatewayUnavailable
from jupyter_faas.model.units import format_duration
from jupyter_faas.version import VERSION

__all__ = ["Transport"]

CONNECT_SECONDS: Final = 5.0
REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # idempotent (RFC 9110 §9.2.2)
CHUNK_BYTES: Final = 64 * 1024
MAX_PROBLEM_BYTES: Final = 2**20


class Transport:
    """Sends requests to the gateway at ``url``; may be used by several threads.

    Every method raises ``GatewayUnavailable`` if nothing answers there.
    """

    def __init__(self, url: str, token: str = "", connect_seconds: float = CONNECT_SECONDS) -> None:
        parts = urlsplit(url)
        self._url = url
        self._host = parts.hostname or ""
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._https = parts.scheme == "https"
        self._connect_seconds = connect_seconds
        self._headers = {"User-Agent": f"jupyter-faas/{VERSION}", **identity(token)}
        self._idle: list[http.client.HTTPConnection] = []  # taken and given back by atomic list methods

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_seconds: float,
        ongoing: Ongoing | None = None,
    ) -> Response:
        """One request and its whole answer, whatever its status.

        ``timeout_seconds`` bounds the wait for the answer, and for each further piece of it. Through
        ``ongoing`` another thread may end it.
        """
        ongoing = ongoing or Ongoing()
        with self._unavailable(timeout_seconds):
            connection, response = self._begin(method, path, body, headers or {}, timeout_seconds, ongoing)
            try:
                content = response.read()
            except BaseException:
                connection.close()
                raise
            finally:
                ongoing.uses(None)
            if response.will_close:
                connection.close()
            else:
                self._idle.append(connection)
            said = response.headers
            return Response(
                response.status, said.get("Content-Type", ""), content, said.get("Retry-After", "")
            )

    def stream(
        self,
        path: str,
        accept: str,
        *,
        timeout_seconds: float,
        body: bytes | None = None,
        content_type: str = "application/json",
        ongoing: Ongoing | None = None,
    ) -> Generator[bytes, None, None]:
        """What answers a ``GET`` (or a ``POST`` of ``body``), as it comes; close it to end it early.

        Raises the error of an answer that isn't what was asked for; ``timeout_seconds`` bounds a silence.
        Through ``ongoing`` another thread may end it.
        """
        ongoing = ongoing or Ongoing()
        with self._unavailable(timeout_seconds):
            headers = {"Accept": accept} | ({} if body is None else {"Content-Type": content_type})
            method = "GET" if body is None else "POST"
            connection, response = self._begin(method, path, body, headers, timeout_seconds, ongoing)
        try:
            yield self._first_piece(response, accept, timeout_seconds)
            while piece := self._piece(response, timeout_seconds):
                yield piece
        finally:
            ongoing.uses(None)
            connection.close()

    def close(self) -> None:
        """Close the connections that wait to be used again."""
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                self._idle.pop().close()

    def _first_piece(self, response: http.client.HTTPResponse, accept: str, timeout_seconds: float) -> bytes:
        piece = self._piece(response, timeout_seconds)
        content_type = response.headers.get("Content-Type", "")
        if not 200 <= response.status < 300 or not content_type.startswith(accept):
            while len(piece) < MAX_PROBLEM_BYTES and (more := self._piece(response, timeout_seconds)):
                piece += more
            later = response.headers.get("Retry-After", "")
            raise error_of_response(Response(response.status, content_type, piece, later), self._url)
        return piece

    def _piece(self, response: http.client.HTTPResponse, timeout_seconds: float) -> bytes:
        with self._unavailable(timeout_seconds):
            return response.read1(CHUNK_BYTES)

    def _begin(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_seconds: float,
        ongoing: Ongoing,
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        while True:
            connection, fresh = self._take()
            ongoing.uses(connection.sock)
            try:
                return connection, self._exchange(connection, method, path, body, headers, timeout_seconds)
            except BaseException as error:
                ongoing.uses(None)
                connection.close()
                if fresh or method not in REPEATABLE or not isinstance(error, ConnectionError):
                    raise
            # The server closed a kept connection just as it was used again. The others are as old.
            self.close()

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        """A connection that is open as far as one can know, and whether it is new."""
        while self._idle:
            with suppress(IndexError):
                connection = self._idle.pop()
                if not _was_closed(connection):
                    return connection, False
                connection.close()
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._connect_seconds)
        connection.connect()
        return connection, True

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_seconds: float,
    ) -> http.client.HTTPResponse:
        connection.sock.settimeout(timeout_seconds)
        # A server may refuse a body, close, and not read it to the end: its answer is there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, self._base + path, body, {**self._headers, **headers})
        return connection.getresponse()

    @contextmanager
    def _unavailable(self, timeout_seconds: float) -> Iterator[None]:
        """Names the address in whatever goes wrong on the way."""
        try:
            yield
        except ConnectionRefusedError as error:
            raise GatewayUnavailable(
                f"Nothing listens at {self._url}. Start a gateway with `jupyter faas serve`, or correct the "
                "address (--gateway, FAAS_GATEWAY)."
            ) from error
        except TimeoutError as error:
            raise GatewayUnavailable(
                f"{self._url} did not answer within {format_duration(timeout_seconds)}. See whether the "
                "gateway runs with `jupyter faas status`."
            ) from error
        except http.client.RemoteDisconnected as error:
            raise GatewayUnavailable(
                f"{self._url} closed the connection without an answer; what was asked may or may not have "
                "been done. See whether the gateway runs with `jupyter faas status`."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise GatewayUnavailable(
                f"The connection to {self._url} failed: {error or type(error).__name__}. Check the address "
                "and the network."
            ) from error


def _was_closed(connection: http.client.HTTPConnection) -> bool:
    # Between two answers a server has nothing to say: what can be read is the end of the connection.
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
