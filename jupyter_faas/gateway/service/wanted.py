"""What a request asks of the history, read from its query: its filters."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from jupyter_faas.gateway.store.records import Wanted
from jupyter_faas.model.errors import AnnotationError, MalformedRequest
from jupyter_faas.model.units import parse_duration

__all__ = ["FILTERS", "read_filter", "time_of", "wanted_in"]

T = TypeVar("T")

FILTERS: Final = ("version", "status", "code", "since", "until", "min_duration", "max_duration")
"""The parameters of a query that choose invocations."""

_STATUS: Final = re.compile(r"[1-5](?:\d\d|xx)", re.ASCII)
_CODE: Final = re.compile(r"[a-z]+(?:-[a-z]+)*", re.ASCII)
_DAYS: Final = re.compile(r"(\d{1,6})d", re.ASCII)


def wanted_in(query: Mapping[str, str], function: str | None = None) -> Wanted:
    """The filters of a query; raises ``MalformedRequest`` for one that can't be read.

    ``status`` is a number or a class (``404``, ``5xx``); ``since`` and ``until`` are times (RFC 3339) or
    how long ago (``90s``, ``2h``, ``7d``); durations are written ``200ms``.
    """
    return Wanted(
        function=query.get("function", function),
        version=read_filter(query, "version", _version),
        statuses=read_filter(query, "status", _statuses),
        code=read_filter(query, "code", _code),
        since=read_filter(query, "since", time_of),
        until=read_filter(query, "until", time_of),
        min_ms=read_filter(query, "min_duration", _milliseconds),
        max_ms=read_filter(query, "max_duration", _milliseconds),
    )


def time_of(text: str) -> float:
    """A time in Unix seconds, of RFC 3339 or of how long ago; raises ``ValueError``."""
    days = _DAYS.fullmatch(text)
    if days is not None:
        return time.time() - int(days[1]) * 86400
    try:
        return time.time() - parse_duration(text)
    except AnnotationError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            "is no time: write it as 2026-01-31T12:00:00Z, or how long ago: 90s, 15m, 2h or 7d"
        ) from None


def read_filter(query: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    """A parameter of the query as ``read`` makes it, None without it; raises ``MalformedRequest``."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return read(text)
    except (ValueError, AnnotationError) as error:
        raise MalformedRequest(f"{name}={text[:40]!r} {error}.") from None


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("is no version: write its number")
    return int(text)


def _statuses(text: str) -> tuple[int, int]:
    if not _STATUS.fullmatch(text):
        raise ValueError("is no HTTP status: write one such as 504, or a class such as 5xx")
    return (int(f"{text[0]}00"), int(f"{text[0]}99")) if text.endswith("xx") else (int(text), int(text))


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError("is no code of an error, such as handler-error or timeout")
    return text


def _milliseconds(text: str) -> float:
    try:
        milliseconds = parse_duration(text) * 1000
    except AnnotationError:
        milliseconds = math.inf
    if not math.isfinite(milliseconds):
        raise ValueError("is no duration: write a number with its unit, such as 200ms or 5s")
    return milliseconds
