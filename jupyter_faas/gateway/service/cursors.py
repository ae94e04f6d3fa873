"""Places in the history as clients carry them, who shall not read anything into them."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from jupyter_faas.model.errors import MalformedRequest

__all__ = ["cursor_of", "place_of"]

MAX_NUMBER: Final = 2**63 - 1


def cursor_of(*place: int) -> str:
    """The cursor of a place that is so many numbers."""
    return base64.urlsafe_b64encode(".".join(map(str, place)).encode()).decode().rstrip("=")


def place_of(cursor: str | None, numbers: int = 1) -> tuple[int, ...] | None:
    """The place that a cursor stands for; None without one.

    Raises ``MalformedRequest`` for what isn't the cursor of a place of so many ``numbers``.
    """
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        parts = text.split(".")
        place = tuple(int(part) for part in parts if part.isdigit() and len(part) <= 19)
    except (binascii.Error, ValueError):
        place, parts = (), []
    if (
        len(place) != numbers
        or len(parts) != numbers
        or max(place) > MAX_NUMBER
        or cursor_of(*place) != cursor
    ):
        raise MalformedRequest(
            f"cursor={cursor[:40]!r} is none of this gateway's: take the `next` of the page before."
        )
    return place
