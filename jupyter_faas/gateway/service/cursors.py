"""Places in the history as clients carry them, who shall not read anything into them."""

from __future__ import annotations

import re
from typing import Final

from jupyter_faas.model.errors import MalformedRequest

__all__ = ["cursor_of", "place_of"]

_NUMBER: Final = "[0-9a-f]{1,15}"


def cursor_of(*place: int) -> str:
    """The cursor of a place that is so many numbers, each from 0 to 2^60 - 1."""
    return "-".join(f"{number:x}" for number in place)


def place_of(cursor: str | None, numbers: int = 1) -> tuple[int, ...] | None:
    """The place that a cursor stands for; None without one.

    Raises ``MalformedRequest`` for what isn't the cursor of a place of so many ``numbers``.
    """
    if cursor is None:
        return None
    if not re.fullmatch("-".join([_NUMBER] * numbers), cursor):
        raise MalformedRequest(
            f"cursor={cursor[:40]!r} is none of this gateway's: take the `next` of the page before."
        )
    return tuple(int(number, 16) for number in cursor.split("-"))
