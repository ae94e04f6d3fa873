"""Types that JSON has as a text, a row each, made of that text.

The twin ``jupyter_faas/model/scalars.py`` has the same rows for the other side of the wire.
"""

from __future__ import annotations

import re

from . import uploads
from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from pathlib import Path
    from typing import Any

    Convert = Callable[[Any], Any]
    Row = tuple[str, Callable[[str], Any]]

# ISO 8601 durations, less years and months, which have no fixed length.
DURATION = re.compile(
    r"([+-])?P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?",
    re.ASCII,
)
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Not any exponent: its digits would all be written out.
FRACTION = re.compile(r"[+-]?([0-9]+/[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?)")
COMPLEX = re.compile(r"\(?[0-9.+\-eEjJinfatyINFATY]+\)?")
BEYOND_MICROSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})", re.ASCII)


def integer(value: Any) -> int:
    """A JSON number without a fraction, which may be written ``3.0``."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise Fault(f"{shown(value)} is not an integer")


def scalar(kind: Any) -> Convert | None:
    """The conversion to a type of the standard library, if it is one of these."""
    name = scalar_name(kind)
    if name == "builtins.int":
        return integer
    if name in ("builtins.bytearray", "builtins.memoryview"):
        return lambda value: kind(base64(value))
    row = ROWS.get(name)
    if row is None:
        return None
    what, read = row
    return numeric(read, what) if name in NUMERIC else parsed(read, what)


def scalar_name(kind: Any) -> str:
    """What it is known by; types that JSON has no difference for have one name."""
    name = f"{kind.__module__.partition('.')[0].removeprefix('_py').lstrip('_')}.{kind.__qualname__}"
    return SAME.get(name, name)


def parsed(read: Callable[[str], Any], what: str) -> Convert:
    """A conversion of texts by ``read``, which raises ``ValueError`` or ``ArithmeticError``."""

    def convert(value: Any) -> Any:
        if isinstance(value, str):
            try:
                return read(value)
            except (ValueError, ArithmeticError):
                pass
        raise Fault(f"{shown(value)} is not {what}")

    return convert


def numeric(read: Callable[[str], Any], what: str) -> Convert:
    """A conversion of texts and numbers; a number has those digits that its float has."""
    of_text = parsed(read, what)

    def convert(value: Any) -> Any:
        if type(value) not in (int, float):
            return of_text(value)
        if read is number:
            return value
        try:
            return read(str(value))
        except (ValueError, ArithmeticError):
            raise Fault(f"{shown(value)} is not {what}") from None

    return convert


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


def nanoseconds(text: str) -> int:
    """What a text of a time or duration has beyond the microseconds, where Python's own types end."""
    found = BEYOND_MICROSECONDS.search(text)
    rest = 0 if found is None else int(found[1].ljust(3, "0"))
    return -rest if text.startswith("-") else rest


def moment(text: str) -> datetime:
    """A time without an offset, which numpy's times don't have."""
    from datetime import datetime

    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(text)
    return found


def base64(value: Any) -> bytes:
    """The bytes that a text stands for (RFC 4648, section 4)."""
    found: bytes = _BYTES(value)
    return found


def number(text: str) -> complex:
    """A complex number, as Python writes it, without spaces and underscores."""
    if COMPLEX.fullmatch(text) is None:
        raise ValueError(text)
    return complex(text)


def _complex(text: str) -> complex:
    return number(text)


def _base64(text: str) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(text.encode("ascii"), strict_mode=True) if text else b""


def _file(text: str) -> Path:
    return uploads.store(_base64(text), None)


def _decimal(text: str) -> Any:
    from decimal import Decimal

    if DECIMAL.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def _fraction(text: str) -> Any:
    from fractions import Fraction

    if FRACTION.fullmatch(text) is None:
        raise ValueError(text)
    return Fraction(text)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(text) from error


def _zone(text: str) -> Any:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (KeyError, OSError) as error:
        raise ValueError(text) from error


def _made(module: str, name: str, method: str = "") -> Callable[[str], Any]:
    """A constructor, whose module is imported when it is needed."""

    def read(text: str) -> Any:
        from importlib import import_module

        kind = getattr(import_module(module), name)
        return getattr(kind, method)(text) if method else kind(text)

    return read


def _iso(name: str) -> Row:
    return f"a {name} (ISO 8601)", _made("datetime", name, "fromisoformat")


def _network(name: str) -> Row:
    return f"an {name[:4]} {name[4:].lower()}", _made("ipaddress", name)


_BASE64: Row = "base64 (RFC 4648)", _base64
_BYTES = parsed(_base64, _BASE64[0])
_COMPLEX: Row = "a complex number, such as 1+2j", _complex
_NUMBER: Row = _COMPLEX[0], number
_FRACTION: Row = "a fraction, such as 1/3", _fraction
ROWS: dict[str, Row] = {
    "builtins.bytes": _BASE64,
    "builtins.bytearray": _BASE64,
    "builtins.memoryview": _BASE64,
    "builtins.complex": _COMPLEX,
    "pathlib.Path": (_BASE64[0], _file),
    "pathlib.PurePath": ("a path", _made("pathlib", "PurePath")),
    "pathlib.PurePosixPath": ("a path", _made("pathlib", "PurePosixPath")),
    "pathlib.PureWindowsPath": ("a path", _made("pathlib", "PureWindowsPath")),
    "datetime.datetime": _iso("datetime"),
    "datetime.date": _iso("date"),
    "datetime.time": _iso("time"),
    "datetime.timedelta": ("a duration (ISO 8601, such as P1DT2H30M)", duration),
    "zoneinfo.ZoneInfo": ("the name of a time zone, such as Europe/Berlin, that is known here", _zone),
    "decimal.Decimal": ("a decimal number", _decimal),
    "fractions.Fraction": _FRACTION,
    "numbers.Rational": _FRACTION,
    "numbers.Complex": _NUMBER,
    "numbers.Number": _NUMBER,
    "uuid.UUID": ("a UUID", _made("uuid", "UUID")),
    "re.Pattern": ("a regular expression of Python", _pattern),
    "ipaddress.IPv4Address": _network("IPv4Address"),
    "ipaddress.IPv6Address": _network("IPv6Address"),
    "ipaddress.IPv4Network": _network("IPv4Network"),
    "ipaddress.IPv6Network": _network("IPv6Network"),
    "ipaddress.IPv4Interface": _network("IPv4Interface"),
    "ipaddress.IPv6Interface": _network("IPv6Interface"),
}
NUMERIC = frozenset(
    {
        *("builtins.complex", "decimal.Decimal", "fractions.Fraction"),
        *("numbers.Rational", "numbers.Complex", "numbers.Number"),
    }
)
"""What a JSON number stands for too."""
SAME = {
    "numbers.Integral": "builtins.int",
    "numbers.Real": "builtins.float",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
}
