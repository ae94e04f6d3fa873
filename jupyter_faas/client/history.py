"""Reading the history: page after page, or as it happens."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from jupyter_faas.client.events import EventParser
from jupyter_faas.client.transport import Transport

__all__ = ["follow", "pages"]

MAX_PAGE: Final = 1000
SILENCE_SECONDS: Final = 60.0
"""The gateway says that there is nothing new more often than that."""


def pages(
    get: Callable[[str], dict[str, Any]], path: str, key: str, limit: int, filters: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """What is found at ``path``, up to ``limit`` in all, page by page."""
    cursor: dict[str, str] = {}
    while limit > 0:
        chosen = {name: value for name, value in filters.items() if value}
        page = get(f"{path}?{urlencode({**chosen, 'limit': min(limit, MAX_PAGE), **cursor})}")
        found: list[dict[str, Any]] = page[key]
        yield found
        limit -= len(found)
        if page.get("next") is None:
            return
        cursor = {"cursor": page["next"]}


def follow(transport: Transport, path: str) -> Generator[tuple[str, dict[str, Any]], None, None]:
    """The events of an endless stream, by name and data."""
    parser = EventParser()
    chunks = transport.stream(path, "text/event-stream", timeout_seconds=SILENCE_SECONDS)
    with contextlib.closing(chunks):
        for chunk in chunks:
            for event in parser.feed(chunk):
                yield event.name, json.loads(event.data)
