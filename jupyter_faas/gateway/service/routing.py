"""Which version a name with an alias means, decided for each call."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from hashlib import blake2b
from itertools import accumulate

from jupyter_faas.model.aliases import Shares

__all__ = ["Route", "Routes"]

_MOST = 1 << 64


class Route:
    """The versions of one alias; ``choose`` shares the calls out among them."""

    __slots__ = ("_ends", "_numbers", "_salt", "shares")

    def __init__(self, function: str, alias: str, shares: Shares) -> None:
        self.shares = shares
        self._numbers = sorted(shares)
        self._ends = list(accumulate(shares[number] for number in self._numbers))
        self._salt = f"{function}@{alias}:"

    @property
    def largest(self) -> int:
        """The version with the largest share, of equal ones the newest."""
        return max(self._numbers, key=lambda number: (self.shares[number], number))

    def choose(self, key: str | None) -> int:
        """The version of a call: by chance, or always the same one for the same ``key``.

        Versions divide the range of a hash among them in the order of their numbers. So a key changes its
        version only if the shares move past it: while a new version's share grows, none goes back.
        """
        if len(self._numbers) == 1:
            return self._numbers[0]
        if key is None:
            place = random.random()  # noqa: S311 - shares, not secrets
        else:
            digest = blake2b(f"{self._salt}{key}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
            place = int.from_bytes(digest) / _MOST
        # A hash just below the end may round up to it.
        return self._numbers[min(bisect_right(self._ends, place * self._ends[-1]), len(self._numbers) - 1)]


class Routes:
    """The aliases of all functions that have any besides ``latest``."""

    def __init__(self) -> None:
        self._routes: dict[str, dict[str, Route]] = {}

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Every version that has an alias, by function and number."""
        found = {
            (function, number)
            for function, routes in self._routes.items()
            for route in routes.values()
            for number in route.shares
        }
        return iter(sorted(found))

    def get(self, function: str, alias: str) -> Route | None:
        """Where an alias leads, if there is one."""
        routes = self._routes.get(function)
        return None if routes is None else routes.get(alias)

    def of(self, function: str) -> dict[str, Shares]:
        """The aliases of a function."""
        return {alias: route.shares for alias, route in sorted(self._routes.get(function, {}).items())}

    def names(self, function: str, number: int) -> list[str]:
        """The aliases that lead to a version."""
        return [alias for alias, shares in self.of(function).items() if number in shares]

    def put(self, function: str, alias: str, shares: Shares) -> None:
        """Have an alias lead to these versions."""
        self._routes.setdefault(function, {})[alias] = Route(function, alias, shares)

    def drop(self, function: str, alias: str | None = None) -> None:
        """Forget an alias, or all of a function."""
        routes = self._routes.get(function, {})
        if alias is not None:
            routes.pop(alias, None)
        if alias is None or not routes:
            self._routes.pop(function, None)
