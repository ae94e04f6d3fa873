"""Types of Python that JSON has as a text, a row each: how the text looks, and what it is read as.

Kernels make schemas of a row, gateways check texts by it before a call, clients read results by it. Its twin
beside the function is ``runtime/scalars.py``; a test holds the two together, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_faas.model.iso8601 import duration_of

__all__ = ["BASE64", "KEY_SCALARS", "SCALARS", "Scalar"]

BASE64: Final[Mapping[str, Any]] = {"type": "string", "contentEncoding": "base64"}
_DECIMAL: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# Not any exponent: its digits would all be written out.
_FRACTION: Final = re.compile(r"[+-]?([0-9]+/[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?)")
_COMPLEX: Final = re.compile(r"\(?[0-9.+\-eEjJinfatyINFATY]+\)?")
_ZONE: Final = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"


@dataclass(frozen=True)
class Scalar:
    """One type: ``read`` makes it of a text (or of a number as text) and raises ``ValueError`` or
    ``ArithmeticError`` for what is not ``what``. ``example`` is a text that is right."""

    what: str
    read: Callable[[str], Any]
    example: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    told_before: bool = True
    """Whether a gateway can tell: not what depends on the image (time zones), or may take long (patterns)."""


def _base64(text: str) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(text.encode("ascii"), strict_mode=True) if text else b""


def _iso(name: str, kind: str, example: str) -> Scalar:
    import datetime

    read = getattr(datetime, name).fromisoformat
    return Scalar(f"a {name} (ISO 8601)", read, example, {"type": "string", "format": kind})


def _made(module: str, name: str) -> Callable[[str], Any]:
    """The constructor, whose module is imported when it is needed."""

    def read(text: str) -> Any:
        from importlib import import_module

        return getattr(import_module(module), name)(text)

    return read


def _decimal(text: str) -> Any:
    from decimal import Decimal

    if re.fullmatch(_DECIMAL, text) is None:
        raise ValueError(text)
    return Decimal(text)


def _fraction(text: str) -> Any:
    from fractions import Fraction

    if _FRACTION.fullmatch(text) is None:
        raise ValueError(text)
    return Fraction(text)


def _complex(text: str) -> complex:
    if _COMPLEX.fullmatch(text) is None:  # neither spaces nor underscores
        raise ValueError(text)
    return complex(text)


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


def _moment(text: str) -> Any:
    """What numpy's times can be made of: an ISO 8601 time without an offset."""
    from datetime import datetime

    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def _numeric(pattern: str | None = None) -> Mapping[str, Any]:
    text = {"type": "string"} if pattern is None else {"type": "string", "pattern": f"^{pattern}$"}
    return {"anyOf": [{"type": "number"}, text]}


def _network(name: str, example: str) -> Scalar:
    version = "IPv4" if "4" in name else "IPv6"
    kind = name.removeprefix(version).lower()
    schema = {"type": "string", "format": version.lower()} if kind == "address" else {"type": "string"}
    return Scalar(f"an {version} {kind}", _made("ipaddress", name), example, schema)


_BYTES: Final = Scalar("base64 (RFC 4648)", _base64, "aGVsbG8=", BASE64)
_FRACTIONS: Final = Scalar("a fraction, such as 1/3", _fraction, "1/3", _numeric())
_COMPLEXES: Final = Scalar("a complex number, such as 1+2j", _complex, "1+2j", _numeric())
_DATETIME: Final = _iso("datetime", "date-time", "2026-01-31T12:00:00Z")
_DURATION: Final = Scalar(
    "a duration (ISO 8601, such as P1DT2H30M)",
    duration_of,
    "PT1H",
    {"type": "string", "format": "duration"},
)

SCALARS: Final[Mapping[str, Scalar]] = {
    "builtins.bytes": _BYTES,
    "builtins.bytearray": _BYTES,
    "builtins.memoryview": _BYTES,
    "builtins.complex": _COMPLEXES,
    "pathlib.Path": Scalar(_BYTES.what, _base64, "aGVsbG8=", {**BASE64, "format": "file"}),
    "pathlib.PurePath": Scalar("a path", _made("pathlib", "PurePath"), "data/table.csv"),
    "pathlib.PurePosixPath": Scalar("a path", _made("pathlib", "PurePosixPath"), "data/table.csv"),
    "pathlib.PureWindowsPath": Scalar("a path", _made("pathlib", "PureWindowsPath"), "C:\\table.csv"),
    "datetime.datetime": _DATETIME,
    "datetime.date": _iso("date", "date", "2026-01-31"),
    "datetime.time": _iso("time", "time", "12:00:00"),
    "datetime.timedelta": _DURATION,
    "zoneinfo.ZoneInfo": Scalar(
        "the name of a time zone, such as Europe/Berlin, that is known here",
        _zone,
        "UTC",
        {"type": "string", "pattern": _ZONE},
        told_before=False,
    ),
    "decimal.Decimal": Scalar("a decimal number", _decimal, "1.5", _numeric(_DECIMAL)),
    "fractions.Fraction": _FRACTIONS,
    "numbers.Rational": _FRACTIONS,
    "numbers.Complex": _COMPLEXES,
    "numbers.Number": _COMPLEXES,
    "uuid.UUID": Scalar(
        "a UUID",
        _made("uuid", "UUID"),
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        {"type": "string", "format": "uuid"},
    ),
    "re.Pattern": Scalar(
        "a regular expression of Python",
        _pattern,
        "[a-z]+",
        {"type": "string", "format": "regex"},
        told_before=False,
    ),
    "ipaddress.IPv4Address": _network("IPv4Address", "192.0.2.1"),
    "ipaddress.IPv6Address": _network("IPv6Address", "2001:db8::1"),
    "ipaddress.IPv4Network": _network("IPv4Network", "192.0.2.0/24"),
    "ipaddress.IPv6Network": _network("IPv6Network", "2001:db8::/32"),
    "ipaddress.IPv4Interface": _network("IPv4Interface", "192.0.2.1/24"),
    "ipaddress.IPv6Interface": _network("IPv6Interface", "2001:db8::1/32"),
    "numpy.bytes_": _BYTES,
    "numpy.complex64": _COMPLEXES,
    "numpy.complex128": _COMPLEXES,
    "numpy.clongdouble": _COMPLEXES,
    "numpy.complexfloating": _COMPLEXES,
    "numpy.datetime64": Scalar(
        "a datetime without an offset (ISO 8601)",
        _moment,
        "2026-01-31T12:00:00",
        {"type": "string", "format": "date-time"},
    ),
    "numpy.timedelta64": _DURATION,
    "pandas.Timestamp": _DATETIME,
    "pandas.Timedelta": _DURATION,
}
"""By the type's name, as ``name_of`` gives it."""


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text]


KEY_SCALARS: Final[Mapping[str, Scalar]] = {
    "builtins.int": Scalar("an integer", int, "1", {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"}),
    "builtins.float": Scalar(
        "a number",
        float,
        "1.5",
        {"type": "string", "pattern": r"^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|NaN|-?Infinity)$"},
    ),
    "builtins.bool": Scalar("true or false", _truth, "true", {"enum": ["true", "false"]}),
}
"""Types that JSON has by itself, but not as the keys of an object, which are texts."""
