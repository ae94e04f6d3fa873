"""Durations and sizes as people write them: ``250ms``, ``5s``, ``2m``, ``256MB``, ``1GiB``."""

from __future__ import annotations

import math
import re
from typing import Final

from jupyter_faas.model.errors import AnnotationError

__all__ = ["format_duration", "format_size", "parse_duration", "parse_size"]

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES: Final = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
_QUANTITY: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", re.ASCII)


def parse_duration(text: str) -> float:
    """The duration ``text`` in seconds.

    Raises ``AnnotationError`` naming the accepted forms for anything but a number with ms, s, m or h.
    """
    number, unit = _split(text)
    if unit not in _SECONDS:
        raise AnnotationError(
            f"{text!r} is not a duration. Write a number with its unit: 250ms, 5s, 2m or 1h."
        )
    return number * _SECONDS[unit]


def parse_size(text: str) -> int:
    """The size ``text`` in bytes; ``MB`` is 10^6 (SI) and ``MiB`` is 2^20 (IEC 80000-13).

    Raises ``AnnotationError`` naming the accepted forms for anything else.
    """
    number, unit = _split(text)
    if unit.upper() not in _BYTES:
        raise AnnotationError(
            f"{text!r} is not a size. Write a number with its unit: 512KB, 256MB, 1GB (powers of ten) "
            "or 512KiB, 256MiB, 1GiB (powers of two)."
        )
    return int(number * _BYTES[unit.upper()])


def format_duration(seconds: float) -> str:
    """``seconds`` in the unit a person would choose, e.g. ``0.25`` → ``250 ms``."""
    if seconds < 1:
        milliseconds = seconds * 1000
        return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def format_size(size: int) -> str:
    """``size`` bytes in SI units with three digits, e.g. ``256 MB``."""
    if size < 1000:
        return f"{size} B"
    units = ("B", "KB", "MB", "GB", "TB")
    # Three digits round 999,500 up to the next unit.
    exponent = min(int(math.log10(size * 1000 / 999.5) // 3), len(units) - 1)
    return f"{size / 1000**exponent:.3g} {units[exponent]}"


def _split(text: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    return (float(match[1]), match[2]) if match else (0.0, "")
