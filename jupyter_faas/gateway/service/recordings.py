"""What a call was given and gave, kept for the author who asked for it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import orjson

from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.service.redaction import redact
from jupyter_faas.model.arguments import Arguments, Buffer
from jupyter_faas.model.manifest import Recording
from jupyter_faas.model.units import format_size

__all__ = ["CallRecording"]

MAX_BYTES: Final = 1_000_000
"""The most of an input, and of an output, that is kept."""
JSON: Final = "application/json"


class CallRecording:
    """Holds what a call was given and gave until it is written, in the store's thread.

    Only JSON can be redacted: of a function with fields to redact no file is kept, and no output in another
    form.
    """

    def __init__(self, wanted: Recording, arguments: Arguments, result: Result, streamed: bool) -> None:
        self._wanted = wanted
        self._arguments = arguments
        self._result = result
        self._streamed = streamed

    @property
    def calls(self) -> int:
        """How many calls of the function are kept, of those that failed and of the others."""
        return self._wanted.calls

    def content(self) -> bytes:
        """The recording as the API shows it, less what belongs to the invocation itself."""
        names = self._wanted.redact
        given = self._input(names)
        output = None if self._result.error is not None else self._output(names)
        return orjson.dumps({**given, "output": output})

    def _input(self, names: Sequence[str]) -> dict[str, Any]:
        arguments = self._arguments
        if arguments.size > MAX_BYTES:
            return {
                "input": None,
                "files": [],
                "redacted": [],
                "left_out": _too_large("input", arguments.size),
            }
        value = orjson.loads(bytes(arguments.json))
        redacted = redact(value, names)
        files = [
            {
                "name": part.name,
                "media_type": part.media_type,
                "filename": part.filename,
                "content": None if names else _encoded(part.content),
            }
            for part in arguments.parts
        ]
        if names:
            redacted += [part.name for part in arguments.parts]
        return {"input": value, "files": files, "redacted": redacted, "left_out": None}

    def _output(self, names: Sequence[str]) -> dict[str, Any]:
        result, kept = self._result, {"content_type": self._result.content_type, "redacted": []}
        if self._streamed:
            return {**kept, "left_out": "It was a stream, of which nothing is kept."}
        if len(result.body) > MAX_BYTES:
            return {**kept, "left_out": _too_large("output", len(result.body))}
        try:
            value = orjson.loads(result.body) if result.content_type.partition(";")[0] == JSON else None
        except orjson.JSONDecodeError:
            return {**kept, "left_out": "It says that it is JSON, and isn't."}
        if result.content_type.partition(";")[0] == JSON:
            return {**kept, "redacted": redact(value, names), "json": value}
        if names:
            return {**kept, "left_out": "Only JSON can be redacted."}
        return {**kept, "content": _encoded(result.body)}


def _too_large(what: str, size: int) -> str:
    return (
        f"The {what} of {format_size(size)} is over {format_size(MAX_BYTES)}, the most that is kept of one."
    )


def _encoded(content: Buffer) -> str:
    return base64.b64encode(content).decode()
