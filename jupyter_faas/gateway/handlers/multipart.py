"""``multipart/form-data`` (RFC 7578), cut where it lies: an upload is in memory once, however large it is.

Tornado reads the headers of each part; its own splitting would copy all contents twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tornado.httputil import HTTPFile, HTTPInputError, ParseMultipartConfig, parse_multipart_form_data

from jupyter_faas.model.errors import MalformedRequest

__all__ = ["FormPart", "parts_in"]

MAX_PARTS: Final = 64
MAX_HEADER_BYTES: Final = 4096
_BOUNDS: Final = ParseMultipartConfig(max_parts=2, max_part_header_size=MAX_HEADER_BYTES)


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part: a field if it has no file name."""

    name: str
    filename: str | None
    content_type: str
    content: memoryview


def parts_in(body: bytes | bytearray, content_type: str) -> Iterator[FormPart]:
    """The parts in the order of ``body``, which must not be changed while they are used.

    Raises ``MalformedRequest``.
    """
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(_boundary(content_type)) + rb"(--|[ \t]*(?=\r\n))")
    view = memoryview(body)
    begin = -1
    for number, found in enumerate(delimiter.finditer(body)):
        if number > MAX_PARTS:
            raise _unreadable(f"too many parts, {MAX_PARTS} are the most")
        if begin >= 0:
            yield _part(body, view, begin, found.start())
        if found[1] == b"--":
            return
        begin = found.end() + 2
    raise _unreadable("it has no closing boundary")


def _part(body: bytes | bytearray, view: memoryview, begin: int, end: int) -> FormPart:
    at = body.find(b"\r\n\r\n", begin, end)
    if at < 0:
        raise _unreadable("a part has no headers")
    if at - begin > MAX_HEADER_BYTES:
        raise _unreadable(f"a part's header is too large, {MAX_HEADER_BYTES} bytes are the most")
    fields: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    alone = b"".join((b"--b\r\n", view[begin:at], b"\r\n\r\n\r\n--b--\r\n"))
    try:
        parse_multipart_form_data(b"b", alone, fields, files, config=_BOUNDS)
    except (HTTPInputError, ValueError) as error:
        raise _unreadable(getattr(error, "log_message", None) or error) from None
    content = view[at + 4 : end]
    for name in fields:
        return FormPart(name, None, "", content)
    for name, (file, *_) in files.items():
        return FormPart(name, file.filename, file.content_type, content)
    raise _unreadable("a part has no name")


def _boundary(content_type: str) -> bytes:
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.strip().partition("=")
        if key.lower() == "boundary" and value:
            value = value[1:-1] if value[:1] == value[-1:] == '"' and len(value) > 2 else value
            return value.encode("utf-8", "replace")
    raise MalformedRequest("The Content-Type multipart/form-data has no boundary (RFC 7578).")


def _unreadable(why: object) -> MalformedRequest:
    return MalformedRequest(f"The multipart form could not be read: {why}.")
