"""Following a build by its events, however often the stream breaks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final

from jupyter_faas.client.events import EventParser
from jupyter_faas.client.transport import Transport
from jupyter_faas.model.errors import GatewayUnavailable, InternalError, NotFound, error_from_problem

__all__ = ["OnEvent", "follow_build"]

OnEvent = Callable[[str, dict[str, Any]], None]
"""Receives an event's name and data."""

VERDICTS: Final = frozenset({"live", "unchanged", "failed"})
SILENCE_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 0.25
GIVE_UP_SECONDS: Final = 10.0


def follow_build(
    transport: Transport, path: str, read_build: Callable[[], dict[str, Any]], on_event: OnEvent | None
) -> dict[str, Any]:
    """Wait for the end of the build at ``path`` and return ``{"state", "publication"}``.

    A stream that breaks is opened again; the gateway then sends all events once more, and those that
    ``on_event`` had are left out. Where no stream gets through, ``read_build`` tells the end. Raises the
    error of a failed build, and ``GatewayUnavailable`` if the gateway stays away for 10 s.
    """
    follower = _Follower(on_event)
    try:
        while not follower.follow(transport, path, read_build):
            time.sleep(PAUSE_SECONDS)
    except NotFound as error:
        raise GatewayUnavailable(
            "The gateway no longer knows this build: it was probably restarted. What was live before still "
            "is; publish again."
        ) from error
    return follower.result()


class _Follower:
    """What is known of a build so far."""

    def __init__(self, on_event: OnEvent | None) -> None:
        self._on_event = on_event
        self._seen = 0
        self._verdict: tuple[str, dict[str, Any]] | None = None
        self._away_since: float | None = None

    def follow(self, transport: Transport, path: str, read_build: Callable[[], dict[str, Any]]) -> bool:
        """Read the stream to its end, then ask the build itself; whether it has ended."""
        with suppress(GatewayUnavailable):  # the next request tells whether it is the stream or the gateway
            self._read_events(transport, path)
        if self._verdict is None:
            self._ask(read_build)
        return self._verdict is not None

    def result(self) -> dict[str, Any]:
        assert self._verdict is not None  # noqa: S101 - ``follow`` said so
        state, data = self._verdict
        if state == "failed":
            raise error_from_problem(data)
        return {"state": state, "publication": data}

    def _read_events(self, transport: Transport, path: str) -> None:
        with closing(transport.stream(path, "text/event-stream", timeout_seconds=SILENCE_SECONDS)) as chunks:
            for number, (name, data) in enumerate(_events(chunks)):
                if number >= self._seen:
                    self._seen += 1
                    self._take(name, data)
                if self._verdict is not None:
                    return

    def _ask(self, read_build: Callable[[], dict[str, Any]]) -> None:
        try:
            build = read_build()
        except GatewayUnavailable:
            now = time.monotonic()
            self._away_since = self._away_since or now
            if now - self._away_since > GIVE_UP_SECONDS:
                raise
            return
        self._away_since = None
        if build["state"] in VERDICTS:
            self._take(build["state"], build["problem" if build["state"] == "failed" else "publication"])

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name in VERDICTS:
            self._verdict = (name, data)
        if self._on_event is not None:
            self._on_event(name, data)


def _events(chunks: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    parser = EventParser()
    for chunk in chunks:
        for event in parser.feed(chunk):
            try:
                data = json.loads(event.data)
            except ValueError as error:
                raise InternalError(
                    f"The gateway sent a {event.name!r} event that is not JSON. Client and gateway may be of "
                    "different versions: restart the gateway."
                ) from error
            yield event.name, data
