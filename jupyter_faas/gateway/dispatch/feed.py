"""Logs as they are written, for whoever follows a function."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jupyter_faas.model.errors import Saturated

__all__ = ["Feed", "Follower"]

MAX_FOLLOWERS: Final = 100
MAX_HELD_BYTES: Final = 1_000_000
"""What waits for one follower: who reads more slowly than the function writes, misses the oldest of it."""


class Follower:
    """Takes what is written from now on."""

    def __init__(self) -> None:
        self._held: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self._missed = 0
        self._changed = asyncio.Event()

    def put(self, invocation: str, lines: bytes) -> None:
        """Hold what an invocation wrote; never waits."""
        self._held.append((invocation, lines))
        self._size += len(lines)
        while self._size > MAX_HELD_BYTES and len(self._held) > 1:
            _, dropped = self._held.popleft()
            self._size -= len(dropped)
            self._missed += dropped.count(b"\n") + 1
        self._changed.set()

    async def take(self, seconds: float) -> tuple[int, list[tuple[str, bytes]]]:
        """How many lines were missed since the last time, and what has come; nothing after ``seconds``."""
        if not self._held:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return 0, []
        missed, held = self._missed, list(self._held)
        self._missed = self._size = 0
        self._held.clear()
        return missed, held


class Feed:
    """Gives what instances write to the followers of their function. Costs nothing while there is none."""

    def __init__(self) -> None:
        self._followers: dict[str, set[Follower]] = {}

    def tell(self, function: str, invocation: str, lines: bytes) -> None:
        """A call of ``function`` wrote; the invocation is empty while importing."""
        for follower in self._followers.get(function, ()):
            follower.put(invocation, lines)

    @contextmanager
    def follow(self, function: str) -> Iterator[Follower]:
        """A follower for as long as it is wanted; raises ``Saturated`` if there are too many."""
        if sum(map(len, self._followers.values())) >= MAX_FOLLOWERS:
            raise Saturated(
                f"{MAX_FOLLOWERS} others follow logs at this gateway, which is the most. End one of them, or "
                "ask for the last lines without following."
            )
        follower = Follower()
        followers = self._followers.setdefault(function, set())
        followers.add(follower)
        try:
            yield follower
        finally:
            followers.discard(follower)
            if not followers:
                self._followers.pop(function, None)
