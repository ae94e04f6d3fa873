"""Moving aliases: ``latest`` by publishing and rolling back, the others by hand.

Versions get ready before an alias leads to them, and go when none does any more; calls that they have by then
they finish. So a move fails no call.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.engines.base import ImageUnusable
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import Move, Reason
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.aliases import LATEST, Shares, check_alias, check_shares, shares_text
from jupyter_faas.model.errors import Conflict, EngineUnavailable, FaasError, NotFound

__all__ = ["Aliases"]

LATE_SECONDS: Final = 2.0
"""A call that has chosen its version just before a move may start an instance of it after the move: so long
after, that one goes, too."""


class Aliases:
    """Where names lead. The moves of one function's aliases happen one after the other."""

    def __init__(
        self, store: Store, catalogue: Catalogue, dispatcher: Dispatcher, recorder: Recorder
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._recorder = recorder
        self._coming: Counter[tuple[str, int]] = Counter()
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def lock(self, name: str) -> asyncio.Lock:
        """Who holds it may rely on where the aliases of a function lead."""
        return self._locks.setdefault(name, asyncio.Lock())

    def of(self, name: str) -> dict[str, Shares]:
        """The aliases of a function, ``latest`` first; raises ``NotFound``."""
        latest = self._catalogue.latest(name).record.number
        return {LATEST: {latest: 100}, **self._catalogue.routes.of(name)}

    def names(self, name: str, number: int) -> list[str]:
        """The aliases that lead to a version, ``latest`` first."""
        return [alias for alias, shares in self.of(name).items() if number in shares]

    async def provision(self) -> None:
        """Start what ``caps.min_instances`` wants of the versions that an alias leads to."""
        for published in self._catalogue:
            self._dispatcher.provision(published.target)
        for name, number in self._catalogue.routes:
            self._dispatcher.provision((await self.version(name, number)).target)

    async def describe(self, name: str, limit: int) -> dict[str, Any]:
        """All aliases of a function and their last moves, newest first; raises ``NotFound``."""
        return {
            "function": name,
            "aliases": self.of(name),
            "moves": [_described(one) for one in await self._store.moves(name, None, limit)],
        }

    async def put(self, name: str, alias: str, shares: Shares, author: str) -> dict[str, Any]:
        """Have ``alias`` lead to these versions, each with its share of the calls in percent.

        Raises ``NotFound`` for a function or version that isn't there, ``MalformedRequest`` for an alias or
        shares that can't be, and ``Conflict`` if a version can't be started: the alias stays where it is.
        """
        check_alias(alias)
        shares = check_shares(shares)
        with self._expected(name, shares):
            await self._ready(name, alias, [await self.version(name, number) for number in shares])
            async with self.lock(name):
                targets = [await self.version(name, number) for number in shares]
                before = self._catalogue.routes.of(name).get(alias, {})
                if before != shares:
                    await self._store.move(_move(name, alias, author, "alias", before, shares))
                    self._catalogue.routes.put(name, alias, shares)
                    self._settle(name, targets, before)
        return self._moved(name, alias, before, shares)

    async def remove(self, name: str, alias: str, author: str) -> dict[str, Any]:
        """Forget an alias; raises ``NotFound`` if there is none, ``MalformedRequest`` for ``latest``."""
        check_alias(alias)
        async with self.lock(name):
            before = self.of(name).get(alias)
            if before is None:
                raise self.no_alias(name, alias)
            await self._store.move(_move(name, alias, author, "removed", before, {}))
            self._catalogue.routes.drop(name, alias)
            self._settle(name, [], before)
        return self._moved(name, alias, before, {})

    async def roll_back(self, name: str, to: int | None, seen: int | None, author: str) -> dict[str, Any]:
        """Move ``latest`` back: to the version that was the latest before and of which a call has succeeded,
        or to version ``to``.

        Raises ``Conflict`` if there is none or it can't be started, and if ``seen``, which the caller takes
        for the latest version, isn't; ``NotFound`` for a version that isn't there.
        """
        self._catalogue.latest(name)
        await self._recorder.flush()  # a call may have succeeded just now
        async with self.lock(name):
            current = self._catalogue.latest(name).record.number
            if seen not in (None, current):
                raise Conflict(
                    f"The latest version of {name} is {current} by now, not {seen}: somebody was faster. "
                    "Look again before you roll back.",
                    latest=current,
                )
            target = await self.version(name, await self._last_good(name, current) if to is None else to)
            number = target.record.number
            if number == current:
                raise Conflict(f"Version {number} of {name} is the latest already.", latest=current)
            with self._expected(name, [number]):
                await self._ready(name, LATEST, [target])
                moved = _move(name, LATEST, author, "rollback", {current: 100}, {number: 100})
                await self._store.move(moved)
                self._catalogue.move(target)
                self._settle(name, [target], {current: 100})
        return self._moved(name, LATEST, {current: 100}, {number: 100})

    async def go_live(self, published: Published, aliases: Sequence[str]) -> None:
        """Save a new version that is ready, and move ``latest`` and ``aliases`` to it, all or nothing."""
        record = published.record
        name, number = record.function, record.number
        async with self.lock(name):
            current = self._catalogue.get(name)
            latest = {current.record.number: 100} if current is not None else {}
            before = {
                LATEST: latest,
                **{alias: self._catalogue.routes.of(name).get(alias, {}) for alias in aliases},
            }
            moves = [
                _move(name, alias, record.author, "publish", shares, {number: 100}, record.published)
                for alias, shares in before.items()
            ]
            try:
                await self._store.publish(record, moves)
            except BaseException:
                self._dispatcher.withdraw(name, number)
                raise
            self._catalogue.put(published)
            for alias in aliases:
                self._catalogue.routes.put(name, alias, {number: 100})
            self._settle(name, [published], *before.values())

    async def version(self, name: str, number: int | None) -> Published:
        """The version of ``name`` with this number, or the latest; raises ``NotFound``."""
        latest = self._catalogue.latest(name)
        if number is None or number == latest.record.number:
            return latest
        published = await self._catalogue.older(name, number, self._store)
        if published is None:
            raise NotFound(
                f"{name!r} has no version {number}. Its latest one is {latest.record.number}; "
                "`jupyter faas versions NAME` shows all there are.",
                nearest=str(latest.record.number),
            )
        return published

    def no_alias(self, name: str, alias: str) -> NotFound:
        """The error for an alias that isn't there."""
        there = ", ".join(f"{known} ({shares_text(shares)})" for known, shares in self.of(name).items())
        return NotFound(f"{name!r} has no version and no alias {alias[:80]!r}. Its aliases are: {there}.")

    async def _last_good(self, name: str, current: int) -> int:
        before = [number for number in await self._store.trail(name) if number != current]
        served = set(await self._store.served(name))
        good = [number for number in before if number in served]
        if good:
            return good[-1]
        tried = f" ({', '.join(map(str, before))})" if before else ""
        raise Conflict(
            f"No version that was the latest one of {name} before {current}{tried} has served a call without "
            "an error. Name one: `jupyter faas rollback NAME --to N`.",
            latest=current,
            before=before,
        )

    async def _ready(self, name: str, alias: str, targets: Sequence[Published]) -> None:
        try:
            await asyncio.gather(*(self._dispatcher.make_ready(one.target) for one in targets))
        except EngineUnavailable:
            raise
        except (FaasError, ImageUnusable) as error:
            numbers = ", ".join(str(one.record.number) for one in targets)
            still = self.of(name).get(alias)
            stays = f"{alias} still leads to {shares_text(still)}" if still else f"there is no {alias} yet"
            why = error.detail if isinstance(error, FaasError) else str(error)
            raise Conflict(
                f"Version {numbers} of {name} does not start, so {stays}: {why}",
                cause=error.code if isinstance(error, FaasError) else "init-error",
            ) from error

    def _settle(self, name: str, targets: Iterable[Published], *before: Shares) -> None:
        """Let those go that no alias leads to any more, and keep what the others want to be kept."""
        for number in {number for shares in before for number in shares}:
            self._let_go(name, number)
            asyncio.get_running_loop().call_later(LATE_SECONDS, self._let_go, name, number)
        for target in targets:
            self._dispatcher.provision(target.target)

    @contextlib.contextmanager
    def _expected(self, name: str, numbers: Iterable[int]) -> Iterator[None]:
        """Versions that an alias is about to lead to: they don't go now."""
        keys = [(name, number) for number in numbers]
        self._coming.update(keys)
        try:
            yield
        finally:
            self._coming.subtract(keys)
            self._coming = +self._coming

    def _let_go(self, name: str, number: int) -> None:
        expected = (name, number) in self._coming
        if not expected and (self._catalogue.get(name) is None or not self.names(name, number)):
            self._dispatcher.withdraw(name, number)

    def _moved(self, name: str, alias: str, before: Shares, after: Shares) -> dict[str, Any]:
        return {"function": name, "alias": alias, "before": dict(before), "versions": dict(after)}


def _move(
    function: str,
    alias: str,
    author: str,
    reason: Reason,
    before: Shares,
    after: Shares,
    moved: float | None = None,
) -> Move:
    when = time.time() if moved is None else moved
    return Move(
        function, alias, when, author, reason, *(shares_text(one) if one else "" for one in (before, after))
    )


def _described(one: Move) -> dict[str, Any]:
    return {
        "alias": one.alias,
        "moved": iso(one.moved),
        "author": one.author or None,
        "reason": one.reason,
        "before": one.before or None,
        "after": one.after or None,
    }
