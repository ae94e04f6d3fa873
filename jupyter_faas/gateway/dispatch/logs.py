"""Logs as instances send them: JSON lines, of untrusted content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

__all__ = ["LogEntry", "entries_in"]


class LogEntry(NamedTuple):
    """One line of output; ``time`` in Unix seconds, None where the instance gave none that makes sense."""

    time: float | None
    stream: str
    """``stdout``, ``stderr``, a level of ``logging``, or ``faas`` for what the runtime says itself."""
    text: str


def entries_in(content: bytes) -> Iterator[LogEntry]:
    """The entries of some JSON lines; a line that is none is shown as the text it is."""
    for line in filter(None, content.split(b"\n")):
        try:
            raw = orjson.loads(line)
            # A year far off would break whoever formats it.
            time = float(raw["t"]) if 0 <= raw["t"] < 2**32 else None
            yield LogEntry(time, str(raw["s"]), str(raw["m"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
            yield LogEntry(None, "stdout", line.decode(errors="replace"))
