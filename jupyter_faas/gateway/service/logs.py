"""What functions wrote: searched backwards, and followed as it is written."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.gateway.dispatch.feed import Feed
from jupyter_faas.gateway.dispatch.logs import LogEntry, entries_in
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.cursors import cursor_of, place_of
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.service.wanted import read_filter, time_of
from jupyter_faas.gateway.store.history import Logged
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store

__all__ = ["LOG_FILTERS", "LogFilter", "Logs", "entries_of", "filter_in"]

Event = tuple[str, dict[str, Any]]

LOG_FILTERS: Final = ("text", "level", "since", "until", "invocation")
"""The parameters of a query that choose lines."""
INVOCATIONS_AT_A_TIME: Final = 200
SEARCHED_BYTES: Final = 4_000_000
SEARCHED_INVOCATIONS: Final = 10_000
"""After so much one page of a search ends, whatever it has found."""
HEARTBEAT_SECONDS: Final = 10.0
_LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_STREAMS: Final = ("stdout", "stderr", "faas")
_PLAIN: Final = re.compile(rb"[A-Za-z0-9 _.,:;=+*()\[\]{}<>@#%&!?|~^$'-]+")
"""Texts that stand in JSON as they are."""


@dataclass(frozen=True)
class LogFilter:
    """Which lines are wanted; times in Unix seconds."""

    text: str = ""
    """What must be in a line, in lower case."""
    level: str = ""
    """A level of ``logging`` (that or a higher one), or ``stdout``, ``stderr`` or ``faas``."""
    since: float | None = None
    until: float | None = None
    invocation: str = ""

    def admits(self, entry: LogEntry, at: float) -> bool:
        """Whether a line written ``at`` this time is wanted."""
        if self.text and self.text not in entry.text.lower():
            return False
        if self.since is not None and at < self.since:
            return False
        if self.until is not None and at > self.until:
            return False
        return not self.level or self._is_level(entry.stream)

    def may_be_in(self, lines: bytes) -> bool:
        """Whether it is worth reading these lines; a quick look."""
        text = self.text.encode()
        return not _PLAIN.fullmatch(text) or text in lines.lower()

    def _is_level(self, stream: str) -> bool:
        if self.level in _LEVELS:
            return _LEVELS.get(stream, 0) >= _LEVELS[self.level]
        return stream == self.level


def filter_in(query: Mapping[str, str]) -> LogFilter:
    """The filters of a query; raises ``MalformedRequest`` for one that can't be read."""
    return LogFilter(
        query.get("text", "").lower(),
        read_filter(query, "level", _level) or "",
        read_filter(query, "since", time_of),
        read_filter(query, "until", time_of),
        query.get("invocation", ""),
    )


def _level(text: str) -> str:
    if text.upper() in _LEVELS:
        return text.upper()
    if text.lower() in _STREAMS:
        return text.lower()
    levels = ", ".join(level.lower() for level in _LEVELS)
    raise ValueError(f"is no level: write one of {levels} (that or higher), or {', '.join(_STREAMS)}")


def _entry(entry: LogEntry, at: float, invocation: str) -> dict[str, Any]:
    """A line as the API shows it."""
    return {
        "time": iso(at),
        "level": entry.stream if entry.stream in _LEVELS else None,
        "stream": entry.stream,
        "text": entry.text,
        "invocation": invocation or None,
    }


def entries_of(record: InvocationRecord) -> list[dict[str, Any]]:
    """All lines of an invocation."""
    return list(_entries(record.logs, record.started, record.id, LogFilter()))


def _entries(lines: bytes, begun: float, invocation: str, wanted: LogFilter) -> Iterable[dict[str, Any]]:
    for entry in entries_in(lines):
        at = begun if entry.time is None else entry.time
        if wanted.admits(entry, at):
            yield _entry(entry, at, invocation)


class Logs:
    """The logs of all functions."""

    def __init__(self, store: Store, recorder: Recorder, catalogue: Catalogue, feed: Feed) -> None:
        self._history = store.history
        self._recorder = recorder
        self._catalogue = catalogue
        self._feed = feed

    async def page(self, name: str, query: Mapping[str, str], limit: int) -> dict[str, Any]:
        """The last ``limit`` lines of a function, oldest first, and the cursor of those before them.

        A page may have fewer although others precede: it is the beginning if ``next`` is null. Raises
        ``NotFound``, and ``MalformedRequest`` for filters that make no sense.
        """
        self._catalogue.latest(name)
        wanted = filter_in(query)
        place = place_of(query.get("cursor"), 2)
        await self._recorder.flush()
        found, following = await self._search(name, wanted, limit, place)
        return {"logs": found, "next": None if following is None else cursor_of(*following)}

    async def follow(
        self, name: str, query: Mapping[str, str], limit: int
    ) -> AsyncGenerator[Event | None, None]:
        """The last ``limit`` lines, then each new one (``log``), until the function is deleted.

        ``missed`` says how many lines were left out because they were not taken in time; None comes when
        nothing was written for a while. Raises as ``page`` does, and ``Saturated``.
        """
        self._catalogue.latest(name)
        wanted = filter_in(query)
        with self._feed.follow(name) as follower:
            await self._recorder.flush()
            last = (await self._search(name, wanted, limit, None))[0] if limit else []
            if not last:
                yield None  # says that following has begun
            for entry in last:
                yield "log", entry
            # What was written while these were read is in both.
            shown = {(entry["invocation"], entry["time"], entry["text"]) for entry in last}
            while self._catalogue.get(name) is not None:
                missed, written = await follower.take(HEARTBEAT_SECONDS)
                if missed:
                    yield "missed", {"lines": missed}
                for invocation, lines in written:
                    for entry in _live(invocation, lines, wanted):
                        if (entry["invocation"], entry["time"], entry["text"]) not in shown:
                            yield "log", entry
                if not written:
                    shown.clear()
                    yield None

    async def _search(
        self, name: str, wanted: LogFilter, limit: int, place: tuple[int, ...] | None
    ) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
        """Lines, oldest first, and where to go on."""
        if wanted.invocation:
            record = await self._history.invocation(wanted.invocation)
            if record is None or record.function != name:
                return [], None
            return list(_entries(record.logs, record.started, record.id, wanted))[-limit:], None
        search = _Search(wanted, limit, place)
        while not search.ended:
            some = await self._history.logged(name, search.before, INVOCATIONS_AT_A_TIME)
            await asyncio.to_thread(search.take, some)
            if len(some) < INVOCATIONS_AT_A_TIME and not search.ended:
                return search.found[::-1], None
        return search.found[::-1], search.place


class _Search:
    """Collects lines, newest first, of the invocations that it is given, newest first.

    A *place* is an invocation's number plus one, and how many of its last lines were shown before.
    """

    def __init__(self, wanted: LogFilter, limit: int, place: tuple[int, ...] | None) -> None:
        self.found: list[dict[str, Any]] = []
        self.before: int | None = None
        self._skip = 0
        if place is not None:
            self.before, self._skip = place
        self.place = (0, 0)
        self.ended = False
        self._begun_in = None if self.before is None else self.before - 1
        self._wanted = wanted
        self._limit = limit
        self._looked = 0
        self._size = 0

    def take(self, some: Iterable[Logged]) -> None:
        """Look through invocations, until there is enough."""
        for logged in some:
            self._look(logged)
            if self.ended:
                return

    def _look(self, logged: Logged) -> None:
        self.before = logged.sequence
        self._looked += 1
        self._size += len(logged.lines)
        if self._wanted.may_be_in(logged.lines):
            lines = list(_entries(logged.lines, logged.started, logged.invocation, self._wanted))
            shown = self._skip if logged.sequence == self._begun_in else 0
            lines = lines[: max(0, len(lines) - shown)]
            room = self._limit - len(self.found)
            self.found += lines[::-1][:room]
            if len(lines) >= room:
                self._end(logged.sequence + 1, shown + room)
                return
        if self._size > SEARCHED_BYTES or self._looked >= SEARCHED_INVOCATIONS:
            self._end(logged.sequence, 0)

    def _end(self, number: int, shown: int) -> None:
        self.place, self.ended = (number, shown), True


def _live(invocation: str, lines: bytes, wanted: LogFilter) -> Iterable[dict[str, Any]]:
    if not wanted.invocation or wanted.invocation == invocation:
        yield from _entries(lines, time.time(), invocation, wanted)
