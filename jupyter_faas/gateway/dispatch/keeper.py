"""Pauses, drops and starts instances by what ``keep_alive`` says. Works behind the calls: on a call's way to
a running instance there is nothing of it but the comparison of two times."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from typing import Final

from traitlets import Bool, Float, Integer
from traitlets.config import LoggingConfigurable

from jupyter_faas.gateway.dispatch.instance import Instance, Target
from jupyter_faas.gateway.dispatch.keep_alive import Demand, KeepAlive, Resting
from jupyter_faas.gateway.dispatch.machine import memory_share
from jupyter_faas.gateway.dispatch.pool import Pool

__all__ = ["Keeper"]

log = logging.getLogger(__name__)

SHARE: Final = 8
LEAST_BYTES: Final = 256 * 10**6
MOST_BYTES: Final = 8 * 10**9


class Keeper(LoggingConfigurable):
    """Looks after the idle instances of all pools; ``reserved`` of their memory is prewarmed sandboxes'."""

    idle_memory_bytes = Integer(
        None,
        allow_none=True,
        min=0,
        help="How many bytes of memory all idle instances together may take; beyond that those least worth "
        "keeping end. By default an eighth of the machine's memory, at least 256 MB and at most 8 GB.",
    ).tag(config=True)

    pause = Bool(True, help="Whether idle instances are paused, so that they use no CPU at all.").tag(
        config=True
    )

    pause_seconds = Float(
        5.0,
        min=0.0,
        help="How long, in seconds, an instance is idle before it is paused and counts among the idle ones.",
    ).tag(config=True)

    start_ahead = Bool(
        True,
        help="Whether an instance is started shortly before a call is to be expected, of functions that are "
        "called at regular times.",
    ).tag(config=True)

    def __init__(
        self,
        pools: Callable[[], Iterable[Pool]],
        pool_of: Callable[[Target], Pool],
        reserved: Callable[[], int] = lambda: 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.pools = pools
        self._pool_of = pool_of
        self._reserved = reserved
        self._demands: dict[str, list[Demand]] = {}
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None
        self._ahead: dict[str, asyncio.TimerHandle] = {}
        self._closed = False

    @property
    def _policy(self) -> KeepAlive:
        given = self.idle_memory_bytes
        budget = memory_share(SHARE, LEAST_BYTES, MOST_BYTES) if given is None else given
        return KeepAlive(max(0, budget - self._reserved()), self.start_ahead)

    def demand(self, function: str, rank: int) -> Demand:
        """How often ``function`` needs an instance more than ``rank`` others; over all its versions."""
        demands = self._demands.setdefault(function, [])
        while len(demands) <= rank:
            demands.append(Demand())
        return demands[rank]

    def forget(self, function: str) -> None:
        """The function is gone."""
        self._demands.pop(function, None)
        self.expect_nothing(function)

    def expect_nothing(self, function: str) -> None:
        """Start no instance of it ahead of a call: its version has been withdrawn."""
        if timer := self._ahead.pop(function, None):
            timer.cancel()

    def rested(self, instance: Instance) -> None:
        """An instance has nothing to do, since ``instance.idle_since``."""
        due = instance.idle_since + min(self.pause_seconds, instance.target.caps.idle_seconds)
        if due < self._due:
            self._look_at(due)

    async def close(self) -> None:
        """Look after nothing any more."""
        self._closed = True
        for timer in (self._timer, *self._ahead.values()):
            if timer is not None:
                timer.cancel()
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)

    def _look_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None
        if due < math.inf and not self._closed:
            self._timer = asyncio.get_running_loop().call_at(due, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._look())
        # else: the round that is under way sets the timer when it ends

    async def _look(self) -> None:
        """Pause what is newly idle, end what has been for too long or is too much, and set the timer anew."""
        self._due = -math.inf  # until then nobody else sets it
        try:
            await asyncio.gather(*(self._settle(pool, one) for pool in self.pools() for one in pool.resting))
            self._trim()
        except Exception:
            log.exception("idle instances could not be looked after")
        dues = [self._next(pool, one) for pool in self.pools() for one in pool.resting]
        self._look_at(min(dues, default=math.inf))

    def _next(self, pool: Pool, instance: Instance) -> float:
        seconds = instance.target.caps.idle_seconds
        if pool.protects(instance):
            seconds = math.inf
        if not instance.settled:
            seconds = min(seconds, self.pause_seconds)
        # Never at once again: what could not be done now can't be done in the same moment either.
        return max(instance.idle_since + seconds, asyncio.get_running_loop().time() + 0.05)

    async def _settle(self, pool: Pool, instance: Instance) -> None:
        idle = asyncio.get_running_loop().time() - instance.idle_since
        if idle >= instance.target.caps.idle_seconds and not pool.protects(instance):
            self._drop(pool, instance)
        elif idle >= self.pause_seconds and not instance.settled:
            await instance.settle(self.pause and not pool.protects(instance))

    def _trim(self) -> None:
        now = asyncio.get_running_loop().time()
        found = list(self._resting())
        policy = self._policy
        dropped = {id(one) for one in policy.surplus((one for one, _, _ in found), now)}
        for one, pool, instance in found:
            if id(one) in dropped:
                log.info(
                    "%s: an idle instance ends, as all idle ones are over %d MB",
                    pool.target.function,
                    policy.budget_bytes // 10**6,
                )
                self._drop(pool, instance)

    def _resting(self) -> Iterable[tuple[Resting, Pool, Instance]]:
        for pool in self.pools():
            for rank, instance in pool.ranked:
                if instance.settled:
                    demand = self.demand(pool.target.function, rank)
                    protected = pool.protects(instance)
                    size, start = instance.memory_bytes, instance.start_seconds
                    yield Resting(size, start, instance.idle_since, demand, protected), pool, instance

    def _drop(self, pool: Pool, instance: Instance) -> None:
        rank = pool.living - 1
        demand = self.demand(pool.target.function, rank)
        demand.last_used = instance.idle_since
        instance.retire()
        if self.start_ahead and rank == 0:
            size, start = instance.memory_bytes, instance.start_seconds
            self._expect(pool.target, Resting(size, start, instance.idle_since, demand))

    def _expect(self, target: Target, gone: Resting) -> None:
        """Start an instance when the time is over in which no call is to be expected."""
        loop = asyncio.get_running_loop()
        due = gone.idle_since + gone.demand.quiet_seconds
        if loop.time() < due < gone.idle_since + target.caps.idle_seconds:
            self.expect_nothing(target.function)
            self._ahead[target.function] = loop.call_at(due, self._start_ahead, target, gone)

    def _start_ahead(self, target: Target, gone: Resting) -> None:
        self._ahead.pop(target.function, None)
        if gone.demand.last_used != gone.idle_since:
            return  # it was called meanwhile
        resting = [other for other, _, _ in self._resting()]
        if self._policy.admits(gone, resting, asyncio.get_running_loop().time()):
            self._pool_of(target).start_ahead(gone.idle_since)
