"""Multipart forms (RFC 7578) as browsers and curl write them."""

from __future__ import annotations

from uuid import uuid4

Field = tuple[str, str | None, str | None, bytes]
"""Name, file name, media type and content."""


def form_of(*fields: Field) -> tuple[bytes, str]:
    """Body and Content-Type of a form."""
    boundary = uuid4().hex
    parts = []
    for name, filename, media_type, content in fields:
        file = f'; filename="{filename}"' if filename is not None else ""
        kind = f"Content-Type: {media_type}\r\n" if media_type is not None else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{kind}\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
