"""Where a request's body ends: by its length, or by its chunks."""

from __future__ import annotations

from typing import Final, Protocol

from httptools import HttpParserError, HttpRequestParser

from jupyter_faas.gateway.http.head import BadRequest, Head

__all__ = ["Framing", "framing_of"]

MAX_LINE_BYTES: Final = 256
"""Of a chunk's size with its extensions, and of a field after the last chunk."""
MAX_TRAILER_LINES: Final = 32
_CHUNKS_FOLLOW: Final = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Framing(Protocol):
    """Takes a body out of what was received."""

    @property
    def announced(self) -> int:
        """How many bytes it has at least, as far as that is known."""

    @property
    def complete(self) -> bool:
        """Whether that was all."""

    def take(self, received: bytearray) -> bytes:
        """Remove what belongs to the body and return its content; raises ``BadRequest``."""


def framing_of(head: Head) -> Framing | None:
    """How the body of a request ends; ``None`` if it has none."""
    if head.chunked:
        return _Chunks()
    return _Length(head.length) if head.length else None


class _Length:
    """A body of so many bytes."""

    def __init__(self, length: int) -> None:
        self.announced = length
        self._missing = length

    @property
    def complete(self) -> bool:
        return not self._missing

    def take(self, received: bytearray) -> bytes:
        size = min(len(received), self._missing)
        self._missing -= size
        piece = bytes(received[:size])
        del received[:size]
        return piece


class _Chunks:
    """A body in chunks (RFC 9112 §7.1), read by llhttp.

    It is given one line or one chunk at a time, for it would go on with the next request.
    """

    def __init__(self) -> None:
        self.announced = 0
        self.complete = False
        self._chunk = 0  # what is missing of one, with the line's end after it
        self._last = False
        self._lines = 0  # after the last chunk
        self._content: list[bytes] = []
        self._parser = HttpRequestParser(self)
        self._parser.feed_data(_CHUNKS_FOLLOW)

    def take(self, received: bytearray) -> bytes:
        start = 0
        while not self.complete and (end := self._end_of_next(received, start)):
            self._feed(bytes(received[start:end]))
            start = end
        del received[:start]
        content, self._content = b"".join(self._content), []
        self.announced += len(content)
        return content

    def _end_of_next(self, received: bytearray, start: int) -> int:
        """Where what can be read next ends; 0 if not enough has come."""
        if self._chunk:
            return min(len(received), start + self._chunk) if len(received) > start else 0
        end = received.find(b"\n", start, start + MAX_LINE_BYTES) + 1
        if not end and len(received) - start >= MAX_LINE_BYTES:
            raise BadRequest("A chunk's size takes too long a line.")
        return end

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except HttpParserError as error:
            raise BadRequest(str(error)) from None
        if self._chunk:
            self._chunk -= len(piece)
        elif self._last:
            self._lines += 1
            if self._lines > MAX_TRAILER_LINES:
                raise BadRequest("Too many fields follow the last chunk.")
        else:
            size = int(piece.partition(b";")[0], 16)  # llhttp has taken it
            self._chunk = size + 2 if size else 0
            self._last = not size

    # For the parser

    def on_body(self, content: bytes) -> None:
        """See httptools."""
        self._content.append(content)

    def on_message_complete(self) -> None:
        """See httptools."""
        self.complete = True
