"""Server-sent events, parsed as the HTML standard says (§9.2.6, "Interpreting an event stream")."""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

__all__ = ["Event", "EventParser"]

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class Event(NamedTuple):
    """One event; ``name`` is ``message`` where the stream gives none."""

    name: str
    data: str


class EventParser:
    """Turns the chunks of an event stream, however it is cut, into events.

    The fields ``id`` and ``retry``, which the gateway doesn't send, are passed over. An event that the end
    of the stream cuts off is dropped, as the standard asks.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events completed by ``chunk``."""
        events = []
        for line in self._lines(self._decoder.decode(chunk)):
            if line:
                self._take_field(line)
                continue
            if self._data:
                events.append(Event(self._name or "message", "\n".join(self._data)))
            self._name, self._data = "", []
        return events

    def _lines(self, text: str) -> list[str]:
        # A carriage return ends its line at once; a line feed that comes with the next chunk belongs to it.
        if not text:
            return []
        if self._after_cr:
            text = text.removeprefix("\n")
        self._after_cr = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        return lines

    def _take_field(self, line: str) -> None:
        name, _, value = line.partition(":")  # a comment has an empty name
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
