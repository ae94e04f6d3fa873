"""One request and its answer, as those see it who take the one and give the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Final, Protocol

from jupyter_faas.gateway.http.head import Head

__all__ = ["WITHOUT_BODY", "Exchange", "Receiver", "Writer", "phrase_of"]

log = logging.getLogger(__name__)

WITHOUT_BODY: Final = (204, 304)  # RFC 9110 §15.3.5 and §15.4.5
MAX_BODY_BYTES: Final = 100 * 1024 * 1024
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


class Receiver(Protocol):
    """Takes a request. No more is read while what ``begin`` or ``take`` returned goes on.

    What they raise ends the connection: with the answer that a ``BadRequest`` says, or without one.
    """

    def begin(self) -> Awaitable[None] | None:
        """The head has come."""

    def take(self, piece: bytes) -> Awaitable[None] | None:
        """A piece of the body has come."""

    def finish(self) -> None:
        """That was all of the request."""

    def leave(self) -> None:
        """The caller went away before the answer was complete."""


class Writer(Protocol):
    """The connection, as far as an answer needs it."""

    @property
    def has_read_all(self) -> bool:
        """Whether nothing of the request is left to be read."""

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Write, or do nothing if the caller has gone; what is returned ends when it has been sent."""

    def answered(self) -> None:
        """The answer is complete."""

    def abort(self) -> None:
        """Hang up, whatever is still to be sent."""


class Exchange:
    """Writes the answer to one request: ``send`` at once, or ``start``, ``write`` and ``finish``.

    Fields are lines such as ``Vary: Accept``. Whoever ``write``s waits for what it returns, if anything, so
    that a slow caller holds the writer up and not our memory; it raises ``ConnectionError`` when the caller
    is gone.
    """

    __slots__ = (
        "_chunked",
        "_missing",
        "_writer",
        "begun",
        "finished",
        "head",
        "keep_alive",
        "max_body_bytes",
    )

    def __init__(self, head: Head, writer: Writer) -> None:
        self.head = head
        self.max_body_bytes = MAX_BODY_BYTES
        """A longer body is refused with 400: for who wants to say more, this is to be raised."""
        self.keep_alive = head.keep_alive
        self.begun = False
        self.finished = False
        self._writer = writer
        self._chunked = False
        self._missing: int | None = None

    def send(self, status: int, fields: list[str], body: bytes | None) -> None:
        """The whole answer; ``None`` for one that has no body, not an empty one either."""
        if body is None:
            body = b""
        else:
            fields.append(f"Content-Length: {len(body)}")
        self._writer.write(self._head(status, fields) + (b"" if self.head.method == "HEAD" else body))
        self._end()

    def start(
        self, status: int, fields: list[str], length: int | None = None, first: bytes = b""
    ) -> asyncio.Future[None] | None:
        """An answer of which the body follows, after its ``first`` piece: ``length`` bytes, which a field
        says, or in chunks."""
        self._missing = length
        if self.head.method == "HEAD" or status in WITHOUT_BODY:
            self._missing = 0
        elif length is None and self.head.version == "HTTP/1.1":
            self._chunked = True
            fields.append("Transfer-Encoding: chunked")
        elif length is None:
            self.keep_alive = False  # its end is that of the connection
        return self._writer.write(self._head(status, fields) + self._framed(first))

    def write(self, piece: bytes) -> asyncio.Future[None] | None:
        """A piece of the body."""
        return self._writer.write(self._framed(piece))

    def finish(self) -> None:
        """That was all."""
        if self._missing:
            log.error("an answer is not as long as it says: %d bytes are missing", self._missing)
            self.abort()
            return
        if self._chunked:
            self._writer.write(b"0\r\n\r\n")
        self._end()

    def abort(self) -> None:
        """Hang up: there is no whole answer."""
        self._writer.abort()

    def _framed(self, piece: bytes) -> bytes:
        if self._missing is not None:
            self._missing -= len(piece)
        # An empty chunk would be the end.
        return b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked and piece else piece

    def _end(self) -> None:
        self.finished = True
        self._writer.answered()

    def _head(self, status: int, fields: Sequence[str]) -> bytes:
        old = self.head.version == "HTTP/1.0"
        self.begun = True
        self.keep_alive = self.keep_alive and self._writer.has_read_all
        lines = [f"HTTP/1.1 {status} {phrase_of(status)}", *fields]
        if old and self.keep_alive:
            lines.append("Connection: Keep-Alive")
        elif not self.keep_alive:
            lines.append("Connection: close")
        text = "\r\n".join(lines)
        if text.count("\n") >= len(lines) or text.count("\r") >= len(lines):
            raise ValueError("a line break in a field of an answer")
        return text.encode("latin-1") + b"\r\n\r\n"


def phrase_of(status: int) -> str:
    """What a status means."""
    return _PHRASES.get(status, "Unknown")
