"""What a call brings: named arguments as JSON, and parts in formats that only the function understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Arguments", "Buffer", "Part"]

Buffer = bytes | bytearray | memoryview
"""Bytes that are passed on without being copied: uploads may be large."""


@dataclass(frozen=True, slots=True)
class Part:
    """The file for the parameter ``name``: its media type (RFC 6838, lower case, no parameters) and bytes."""

    name: str
    media_type: str
    filename: str | None
    content: Buffer


@dataclass(frozen=True, slots=True)
class Arguments:
    """A JSON object (``json``) and the parts for parameters that are not in it."""

    json: bytes | bytearray = b"{}"
    parts: tuple[Part, ...] = ()

    @property
    def header(self) -> dict[str, Any]:
        """What the header of a ``CALL`` says of its body."""
        if not self.parts:
            return {}
        described = [
            {
                "name": part.name,
                "media_type": part.media_type,
                "filename": part.filename,
                "length": len(part.content),
            }
            for part in self.parts
        ]
        return {"json": len(self.json), "parts": described}

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return (
            len(self.json) + sum([len(part.content) for part in self.parts]) if self.parts else len(self.json)
        )

    @property
    def pieces(self) -> tuple[Buffer, ...]:
        """The body of a ``CALL``, in its order: the JSON, then the parts one after the other."""
        return (self.json, *(part.content for part in self.parts))
