"""A request's head: read by llhttp, and refused where two readers could understand it differently."""

from __future__ import annotations

import re
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

__all__ = ["MAX_HEAD_BYTES", "BadRequest", "Head"]

MAX_HEAD_BYTES: Final = 64 * 1024
_VERSIONS: Final = (b" HTTP/1.1", b" HTTP/1.0")
_HOST: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+;=%:\[\]-]*")
"""RFC 3986 §3.2.2, without the comma: two fields that a proxy has joined have one."""


class BadRequest(Exception):
    """What has come is no request; the connection ends with ``status``."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Head:
    """Request line and fields, from all the bytes up to the empty line.

    Raises ``BadRequest`` for what RFC 9112 forbids, and for what a proxy in front could take for something
    else: a length and chunks, or two lengths; codings other than chunks; folded fields, bare line feeds.
    """

    __slots__ = ("_parser", "chunked", "fields", "keep_alive", "length", "method", "target", "version")

    def __init__(self, data: bytes) -> None:
        self.fields: dict[str, str] = {}
        """By lower-case name; what came more than once is joined by commas (RFC 9110 §5.3)."""
        self.target = ""
        """As it was sent: a path, usually with a query."""
        self.keep_alive = False
        self._check_line(data)
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            pass  # we offer nothing to change to: it is a request like others
        except HttpParserError as error:
            raise BadRequest(str(error)) from None
        self.method: str = self._parser.get_method().decode("latin-1")
        self._parser = None
        self.chunked = "transfer-encoding" in self.fields
        self.length = int(self.fields.get("content-length", 0))
        """Of a body that isn't chunked, in bytes."""
        self._check_fields()

    def get(self, name: str, default: str = "") -> str:
        """A field by its lower-case name."""
        return self.fields.get(name, default)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What comes after the question mark."""
        return self.target.partition("?")[2]

    def _check_line(self, data: bytes) -> None:
        # llhttp reads RTSP and other versions of HTTP as well.
        line = data[: data.find(b"\r\n")]
        if not line.endswith(_VERSIONS):
            raise BadRequest("The first line is not that of a request by HTTP/1.")
        self.version = line[-8:].decode("latin-1")

    def _check_fields(self) -> None:
        host = self.fields.get("host")
        if host is None:
            if self.version == "HTTP/1.1":
                raise BadRequest("Host is missing.")
        elif not _HOST.fullmatch(host):
            raise BadRequest("Host is not one host.")
        if self.method == "CONNECT":
            raise BadRequest("This is no proxy.", 405)
        # With HTTP/1.0 there are no chunks: whoever sends both is not to be trusted (RFC 9112 §6.1).
        if self.chunked and (self.fields["transfer-encoding"].lower() != "chunked" or self._is_old):
            raise BadRequest("Transfer-Encoding is not chunked.")

    @property
    def _is_old(self) -> bool:
        return self.version == "HTTP/1.0"

    # For the parser

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        before = self.fields.get(key)
        self.fields[key] = text if before is None else f"{before},{text}"

    def on_headers_complete(self) -> None:
        """See httptools."""
        if self._parser is not None:
            self.keep_alive = self._parser.should_keep_alive()
