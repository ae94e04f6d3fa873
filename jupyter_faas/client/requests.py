"""The body of a call: JSON, or a multipart form (RFC 7578) where arguments travel as files."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from jupyter_faas.client.files import File, file_of
from jupyter_faas.client.jsonvalues import json_of, split_frame
from jupyter_faas.client.packages import type_name
from jupyter_faas.model.errors import InvalidInput

__all__ = ["Body", "body_of", "form_of"]

JSON = "application/json"
MEDIA = "x-faas-media"


class Body(NamedTuple):
    """What is sent, and its ``Content-Type``."""

    content: bytes
    content_type: str


def body_of(arguments: Mapping[str, Any], function: Mapping[str, Any]) -> Body:
    """The body of a call with these arguments of ``function``, as the gateway describes it.

    Raises ``InvalidInput`` for what can't be sent.
    """
    properties = function.get("input_schema", {}).get("properties", {})
    packages = {str(each).partition("==")[0].lower() for each in function.get("packages", ())}
    takes = {name: properties.get(name, {}).get(MEDIA, ()) for name in arguments}
    files = {}
    for name, value in arguments.items():
        try:
            file = file_of(value, takes[name], packages)
        except Exception as error:  # whatever a data package raises for a value that it can't write
            raise InvalidInput(f"{name} can't be sent as a file: {type(error).__name__}: {error}.") from error
        if file is not None:
            files[name] = file
    values = {
        name: split_frame(value) if takes[name] and type_name(value) == "pandas.DataFrame" else value
        for name, value in arguments.items()
        if name not in files
    }
    if not files:
        return Body(_json(values), JSON)
    return form_of(values, files, {name for name in values if "*/*" in takes[name]})


def _json(values: Mapping[str, Any]) -> bytes:
    try:
        return json_of(values)
    except InvalidInput:
        for name, value in values.items():
            json_of(value, name)  # raises, and says which it is
        raise


def form_of(
    values: Mapping[str, Any], files: Mapping[str, File], fields: Collection[str] = frozenset()
) -> Body:
    """Values are parts of JSON, but for ``fields``: their parameters would take that for a file."""
    boundary = secrets.token_hex(16)
    pieces = []
    for name, value in values.items():
        content = json_of(value, name)
        if name in fields:
            plain = value.encode() if isinstance(value, str) else content
            pieces += [_head(boundary, name), plain]
        else:
            pieces += [_head(boundary, name, File(JSON, "value.json", b"")), content]
    for name, file in files.items():
        pieces += [_head(boundary, name, file), file.content]
    return Body(b"".join(_closed(pieces, boundary)), f"multipart/form-data; boundary={boundary}")


def _closed(pieces: list[bytes], boundary: str) -> Iterator[bytes]:
    yield from pieces
    yield f"\r\n--{boundary}--\r\n".encode()


def _head(boundary: str, name: str, file: File | None = None) -> bytes:
    filename = f'; filename="{_quoted(file.name)}"\r\nContent-Type: {file.media_type}' if file else ""
    return (
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"{filename}\r\n\r\n'
    ).encode()


def _quoted(text: str) -> str:
    """As the HTML standard escapes names (§4.10.21.8, "multipart/form-data encoding algorithm")."""
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22").replace("\\", "%5C")
