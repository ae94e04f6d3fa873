"""What a call yields, on its way from the instance to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from jupyter_faas.gateway.dispatch.outcome import MEDDLING
from jupyter_faas.gateway.dispatch.replies import headers_in, status_in
from jupyter_faas.model.errors import Crashed, ResultTooLarge
from jupyter_faas.model.units import format_size
from jupyter_faas.model.wire import Frame

__all__ = ["NDJSON", "SSE", "Stream"]

NDJSON: Final = "application/x-ndjson"
SSE: Final = "text/event-stream"
PIECE_BYTES: Final = 64 * 1024


class Stream:
    """Holds the chunks that the caller has not taken yet; ``begun`` hears of the first one.

    A call's chunks together are bounded by its result cap, and so is what a slow reader makes us hold.
    """

    def __init__(self, begun: Callable[[Stream], None], cap_bytes: int) -> None:
        self.content_type = ""
        """Empty until the first chunk."""
        self.status = 200
        self.headers: dict[str, str] = {}
        self._cap_bytes = cap_bytes
        self._begun = begun
        self.size = 0
        """Bytes of all chunks so far."""
        self._buffer = bytearray()
        self._ended = False
        self._changed: asyncio.Event | None = None

    def feed(self, frame: Frame) -> None:
        """Take in a CHUNK; raises ``ResultTooLarge``, or ``Crashed`` for one that makes no sense."""
        self.size += len(frame.body)
        if self.size > self._cap_bytes:
            raise ResultTooLarge(
                f"The stream has over {format_size(self._cap_bytes)}, its cap. Yield less, or publish with a "
                "larger --result-size.",
                cap_bytes=self._cap_bytes,
                size_bytes=self.size,
            )
        self._buffer += frame.body
        if self._changed is not None:
            self._changed.set()
            return
        media_type = frame.header.get("type")
        if media_type not in (NDJSON, SSE):
            raise Crashed(
                f"The function's process sent a stream that makes no sense, and was ended. {MEDDLING}"
            )
        self.content_type = media_type
        self.status = status_in(frame.header.get("status"))
        self.headers = headers_in(frame.header.get("headers"))
        self._changed = asyncio.Event()
        self._changed.set()
        self._begun(self)

    def end(self, record: bytes = b"") -> None:
        """No further chunk comes; ``record`` is the last thing that the caller gets."""
        self._buffer += record
        self._ended = True
        if self._changed is not None:
            self._changed.set()

    async def take(self) -> bytes:
        """The next piece as soon as there is one; nothing at the end."""
        while not self._buffer and not self._ended and self._changed is not None:
            self._changed.clear()
            await self._changed.wait()
        piece = bytes(self._buffer[:PIECE_BYTES])
        del self._buffer[:PIECE_BYTES]
        return piece
