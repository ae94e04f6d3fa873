"""Times and lengths of time as ISO 8601, also where they are finer or further away than Python's own."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FRACTIONS = {"s": 0, "ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}  # digits behind the second
SECONDS = {"m": 60, "h": 3600, "D": 86400, "W": 7 * 86400}
COARSE = {**dict.fromkeys("YMWD", "D"), **dict.fromkeys("hm", "s")}  # how such an instant is written
CALENDAR = {"M": "M", "Y": "Y"}  # of no fixed length
PYTHONS_DIGITS = 6


def numpy_times(array: Any) -> Any:
    """The texts of an array of ``datetime64`` or ``timedelta64``, nested as it is; ``None`` for NaT and what
    is masked.
    """
    numpy: Any = sys.modules["numpy"]
    missing = numpy.isnat(numpy.asarray(array)) | numpy.ma.getmaskarray(array)
    array = numpy.asarray(array)
    unit, count = numpy.datetime_data(array.dtype)
    if array.dtype.kind == "M":
        texts = numpy.datetime_as_string(array, unit=COARSE.get(unit)).ravel().tolist()
        made = [instant_text(text) for text in texts]
    else:
        made = [_numpy_length(number * count, unit) for number in array.astype("i8").ravel().tolist()]
    found = numpy.empty(array.shape, dtype=object)
    found.flat = made
    found[missing] = None
    return found.tolist()


def _numpy_length(number: int, unit: str) -> Any:
    if unit == "generic":
        return number  # of what, nobody has said
    if unit in CALENDAR:
        return f"{'-' if number < 0 else ''}P{abs(number)}{CALENDAR[unit]}"
    return length_text(number * SECONDS.get(unit, 1), FRACTIONS.get(unit, 0))


def instant_text(text: str) -> str:
    """A time with as many digits as Python or pandas would write: none, six, or all of them."""
    whole, _, fraction = text.partition(".")
    if not fraction.strip("0"):
        return whole
    short = not fraction[PYTHONS_DIGITS:].strip("0")
    return f"{whole}.{fraction[:PYTHONS_DIGITS].ljust(PYTHONS_DIGITS, '0') if short else fraction}"


def instant_of(nanoseconds: int, zone: str | None) -> str:
    """The time that is so many nanoseconds after 1970, as the clock of ``zone`` shows it."""
    from datetime import UTC, datetime, timedelta

    microseconds, rest = divmod(nanoseconds, 1000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    if zone is None:
        moment = moment.replace(tzinfo=None)
    else:
        from zoneinfo import ZoneInfo

        moment = moment.astimezone(ZoneInfo(zone))
    text = moment.isoformat(timespec="microseconds" if rest else "auto")
    at = text.index(".") + 1 + PYTHONS_DIGITS if rest else 0
    return f"{text[:at]}{rest:03d}{text[at:]}" if rest else text


def length_text(number: int, digits: int) -> str:
    """A length of so many seconds, ``digits`` of them decimals: ``P1DT2H0M3.5S``; a sign stands in front."""
    sign, number = ("-", -number) if number < 0 else ("", number)
    seconds, fraction = divmod(number, 10**digits)
    days, seconds = divmod(seconds, 86400)
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    tail = f".{fraction:0{digits}d}".rstrip("0") if fraction else ""
    date = f"{days}D" if days else ""
    time = f"{hours}H" if hours else ""
    time += f"{minutes}M" if minutes else ""
    time += f"{seconds % 60}{tail}S" if seconds % 60 or tail or not (date or time) else ""
    return f"{sign}P{date}" + (f"T{time}" if time else "")
