"""Single values of numpy and pandas, made of JSON. What is no value of the type is refused, not bent: a
number that doesn't fit into 8 bits, a float that would become infinite.
"""

from __future__ import annotations

import math
import sys

from . import scalars
from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]

# What an abstract type of numbers is made as.
CONCRETE = {
    "integer": "int64",
    "signedinteger": "int64",
    "unsignedinteger": "uint64",
    "floating": "float64",
    "inexact": "float64",
    "complexfloating": "complex128",
}


def package_scalar(kind: Any) -> Convert | None:
    """The conversion to a scalar type of numpy or pandas, if it is one."""
    top = kind.__module__.partition(".")[0]
    if top == "pandas":
        return _PANDAS.get(kind.__qualname__)
    numpy = sys.modules.get("numpy")
    if top != "numpy" or numpy is None or not issubclass(kind, numpy.generic):
        return None
    kind = getattr(numpy, CONCRETE[kind.__name__]) if kind.__name__ in CONCRETE else kind
    if kind is numpy.number:
        return _number
    for family, make in _NUMPY.items():
        if issubclass(kind, getattr(numpy, family)):
            return make(kind)
    return None


def _number(value: Any) -> Any:
    numpy = sys.modules["numpy"]
    return (_integer(numpy.int64) if type(value) is int else _float(numpy.float64))(value)


def _integer(kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        exact = scalars.integer(value)
        bounds = sys.modules["numpy"].iinfo(kind)
        if not bounds.min <= exact <= bounds.max:
            raise Fault(f"{shown(value)} does not fit into {kind.__name__}")
        return kind(exact)

    return convert


def _float(kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        if type(value) not in (int, float):
            raise Fault(f"{shown(value)} is not a number")
        return _fitting(kind, value, value)

    return convert


def _complex(kind: Any) -> Convert:
    read = scalars.scalar(complex)

    def convert(value: Any) -> Any:
        return _fitting(kind, read(value) if read is not None else value, value)

    return convert


def _fitting(kind: Any, exact: Any, value: Any) -> Any:
    """``exact`` as ``kind``, unless it becomes infinite by that."""
    numpy = sys.modules["numpy"]
    try:
        with numpy.errstate(over="ignore"):
            made = kind(exact)
        if numpy.isfinite(made) or not (math.isfinite(exact.real) and math.isfinite(exact.imag)):
            return made
    except OverflowError:
        pass
    raise Fault(f"{shown(value)} does not fit into {kind.__name__}")


def _truth(kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        if type(value) is not bool:
            raise Fault(f"{shown(value)} is not a truth value")
        return kind(value)

    return convert


def _text(kind: Any) -> Convert:
    def convert(value: Any) -> Any:
        if type(value) is not str:
            raise Fault(f"{shown(value)} is not a text")
        return kind(value)

    return convert


def _moment(kind: Any) -> Convert:
    """A day for a text without a time, else to microseconds, or nanoseconds if the text has them."""

    def read(text: str) -> Any:
        from datetime import date

        rest = scalars.nanoseconds(text)
        found = scalars.moment(text)
        try:
            return kind(date.fromisoformat(text), "D")
        except ValueError:
            made = kind(found, "us")
        return made + sys.modules["numpy"].timedelta64(rest, "ns") if rest else made

    return scalars.parsed(read, "a datetime without an offset (ISO 8601)")


def _length(kind: Any) -> Convert:
    def read(text: str) -> Any:
        made, rest = kind(scalars.duration(text), "us"), scalars.nanoseconds(text)
        return made + kind(rest, "ns") if rest else made

    return scalars.parsed(read, scalars.ROWS["datetime.timedelta"][0])


def _timestamp(text: str) -> Any:
    from datetime import datetime

    pandas = sys.modules["pandas"]
    made, rest = pandas.Timestamp(datetime.fromisoformat(text)), scalars.nanoseconds(text)
    return made.as_unit("ns") + pandas.Timedelta(rest, "ns") if rest else made


def _timedelta(text: str) -> Any:
    pandas = sys.modules["pandas"]
    made, rest = pandas.Timedelta(scalars.duration(text)), scalars.nanoseconds(text)
    return made.as_unit("ns") + pandas.Timedelta(rest, "ns") if rest else made


_NUMPY: dict[str, Callable[[Any], Convert]] = {
    "bool_": _truth,
    "timedelta64": _length,  # before the integers, which it is counted among
    "integer": _integer,
    "floating": _float,
    "complexfloating": _complex,
    "str_": _text,
    "bytes_": lambda kind: lambda value: kind(scalars.base64(value)),
    "datetime64": _moment,
}
_PANDAS = {
    "Timestamp": scalars.parsed(_timestamp, scalars.ROWS["datetime.datetime"][0]),
    "Timedelta": scalars.parsed(_timedelta, scalars.ROWS["datetime.timedelta"][0]),
}
