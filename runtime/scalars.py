"""Scalar types of the standard library, made of what JSON has for them."""

from __future__ import annotations

import re

from . import uploads
from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from decimal import Decimal
    from pathlib import Path
    from typing import Any
    from uuid import UUID

    Convert = Callable[[Any], Any]

# ISO 8601 durations, less years and months, which have no fixed length.
DURATION = re.compile(
    r"([+-])?P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?",
    re.ASCII,
)
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def integer(value: Any) -> int:
    """A JSON number without a fraction, which may be written ``3.0``."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise Fault(f"{shown(value)} is not an integer")


def duration(text: str) -> timedelta:
    """An ISO 8601 duration; raises ``ValueError``."""
    from datetime import timedelta

    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, weeks, days, hours, minutes, seconds, fraction = found.groups()
    length = timedelta(
        weeks=int(weeks or 0),
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")[:6]),
    )
    return -length if sign == "-" else length


def decimal(value: Any) -> Decimal:
    """A text keeps all of its digits; a number has those that its float has."""
    from decimal import Decimal

    text = str(value) if type(value) in (int, float) else value
    if isinstance(text, str) and DECIMAL.fullmatch(text):
        return Decimal(text)
    raise Fault(f"{shown(value)} is not a decimal number")


def base64(value: Any) -> bytes:
    """The bytes that a text stands for (RFC 4648, section 4)."""
    from binascii import Error, a2b_base64

    if isinstance(value, str):
        try:
            return a2b_base64(value.encode("ascii"), strict_mode=True) if value else b""
        except (Error, UnicodeEncodeError):
            pass
    raise Fault(f"{shown(value)} is not base64 (RFC 4648)")


def file(value: Any) -> Path:
    """A file with the content that a base64 text stands for."""
    return uploads.store(base64(value), None)


def _uuid(text: str) -> UUID:
    from uuid import UUID

    return UUID(text)


def parsed(parse: Callable[[str], Any], what: str) -> Convert:
    """A conversion of texts by ``parse``, which raises ``ValueError``."""

    def convert(value: Any) -> Any:
        if isinstance(value, str):
            try:
                return parse(value)
            except (ValueError, OverflowError):
                pass
        raise Fault(f"{shown(value)} is not {what}")

    return convert


def scalar(kind: Any) -> Convert | None:
    """The conversion to a type of the standard library, if it is one of these."""
    name = f"{kind.__module__.partition('.')[0].lstrip('_')}.{kind.__qualname__}"
    if name in _FIXED:
        return _FIXED[name]
    return parsed(kind.fromisoformat, f"a {kind.__name__} (ISO 8601)") if name in _ISO else None


_ISO = frozenset({"datetime.datetime", "datetime.date", "datetime.time"})
_FIXED: dict[str, Convert] = {
    "builtins.int": integer,
    "builtins.bytes": base64,
    "builtins.bytearray": lambda value: bytearray(base64(value)),
    "datetime.timedelta": parsed(duration, "a duration (ISO 8601, such as P1DT2H30M)"),
    "decimal.Decimal": decimal,
    "pathlib.Path": file,
    "uuid.UUID": parsed(_uuid, "a UUID"),
}
