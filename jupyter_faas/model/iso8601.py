"""Lengths of time as ISO 8601 has them (``P1DT2H30M``), less years and months, which have no fixed length.

The container's side of this contract is ``runtime/scalars.py`` and ``runtime/conversions.py``; tests hold
them together.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

__all__ = ["duration_of", "duration_text"]

_DURATION: Final = re.compile(
    r"([+-])?P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?",
    re.ASCII,
)


def duration_of(text: str) -> timedelta:
    """The length that ``text`` says; raises ``ValueError``, or ``OverflowError`` over a billion days."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is not an ISO 8601 duration")
    sign, *numbers, fraction = found.groups()
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in numbers)
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    length = timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
    )
    return -length if sign == "-" else length


def duration_text(length: timedelta) -> str:
    """``length`` in days and seconds; a negative one has its sign in front."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    seconds = f"{length.seconds}.{length.microseconds:06d}".rstrip("0").rstrip(".")
    return f"{sign}P{length.days}DT{seconds}S"
