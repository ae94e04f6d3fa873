"""Streams over HTTP, for the image that serves itself."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from typing import Any

    from .frames import Frame

SSE = "text/event-stream"


class StreamedAnswer:
    """An answer that is written as the function yields; nothing is written before the first chunk."""

    def __init__(self, handler: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
        self.content_type = ""
        """Empty until the first chunk."""
        self._handler = handler
        self._headers = headers
        self._chunked = handler.request_version != "HTTP/1.0"

    def write(self, frame: Frame) -> None:
        """Write a chunk; raises ``OSError`` if the caller is gone or doesn't read."""
        if not self.content_type:
            self._begin(frame.header)
        self._write(frame.body)

    def end(self, problem: dict[str, Any] | None) -> None:
        """Write the last of it: the problem that ended the stream, if one did."""
        try:
            if problem is not None:
                self._write(self._record(problem))
            if self._chunked:
                self._handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            self._handler.close_connection = True

    def _begin(self, header: dict[str, Any]) -> None:
        self.content_type = header["type"]
        self._handler.send_response(header.get("status", 200))
        headers = {**self._headers, "Vary": "Accept", **header.get("headers", {})}
        headers["Content-Type"] = self.content_type
        if self._chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            self._handler.close_connection = True  # which is how HTTP/1.0 ends a body of unknown size
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def _write(self, body: bytes) -> None:
        framed = b"%x\r\n%b\r\n" % (len(body), body) if self._chunked else body
        self._handler.wfile.write(framed)

    def _record(self, problem: dict[str, Any]) -> bytes:
        if self.content_type == SSE:
            return b"event: error\ndata: " + _json(problem) + b"\n\n"
        return _json({"error": problem}) + b"\n"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
