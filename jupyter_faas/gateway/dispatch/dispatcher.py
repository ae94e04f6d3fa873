"""Runs calls on versions: one pool each, made when needed, gone when empty."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from traitlets import Float, Integer
from traitlets.config import LoggingConfigurable

from jupyter_faas.gateway.dispatch.call import Call
from jupyter_faas.gateway.dispatch.census import Census, states_of
from jupyter_faas.gateway.dispatch.feed import Feed
from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.dispatch.keeper import Keeper
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.plan import Planner
from jupyter_faas.gateway.dispatch.pool import SHUTTING_DOWN, Pool, Rebuild
from jupyter_faas.gateway.dispatch.prewarmed import Prewarmed
from jupyter_faas.gateway.engines.base import Engine, ImageUnusable
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import Draining, EngineUnavailable, FaasError

__all__ = ["Dispatcher"]


class Dispatcher(LoggingConfigurable):
    """Owns all instances of one gateway."""

    max_queue = Integer(
        100, min=0, help="How many calls of one version may wait for an instance; one more is answered 429."
    ).tag(config=True)

    queue_timeout = Float(
        60.0,
        min=0.01,
        help="How long, in seconds, a call may wait for an instance before it is answered 504; longer than "
        "functions take to start.",
    ).tag(config=True)

    def __init__(self, engine: Engine, rebuild: Rebuild, plan: Planner, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._rebuild = rebuild
        self._engine = engine
        self._pools: dict[tuple[str, int], Pool] = {}
        self._drains: dict[asyncio.Task[None], list[Pool]] = {}
        self._closing = False
        self.feed = Feed()
        self.prewarmed = Prewarmed(engine, plan, lambda: self.running > 0, parent=self.parent)
        self.keeper = Keeper(
            lambda: list(self._pools.values()),
            self._pool,
            lambda: self.prewarmed.waiting_bytes,
            parent=self.parent,
        )

    @property
    def running(self) -> int:
        """Calls of live versions that wait or run."""
        return sum(pool.running for pool in self._pools.values())

    def busy(self) -> dict[str, int]:
        """For each function with calls that wait or run, how many."""
        calls: Counter[str] = Counter()
        for pool in self._pools.values():
            calls[pool.target.function] += pool.running
        return dict(+calls)

    def instances(self, function: str | None = None, version: int | None = None) -> int:
        """How many instances there are, of one function, of one of its versions, or in all."""
        return sum(
            len(pool.instances)
            for pool in self._pools.values()
            if function in (None, pool.target.function) and version in (None, pool.target.version)
        )

    def census(self) -> Census:
        """All instances and waiting calls, counted."""
        return Census.of(self._pools.values())

    def states(self) -> dict[str, Counter[str]]:
        """The instances of each function that has any, counted by state."""
        return states_of(self._pools.values())

    def begin(self, target: Target, call: Call) -> None:
        """Run one call. Whatever becomes of it, also that it could not be begun, ends it with a result."""
        if self._closing:
            call.end(Result(error=Draining(SHUTTING_DOWN)))
            return
        self._pool(target).submit(call)

    async def check(self, target: Target, proof: str) -> None:
        """Prove that an instance of ``target`` starts and that the examples of ``proof`` hold in it, and keep
        it for the first calls.

        Raises what starting an instance raises, and what a call of that function would; and
        ``EngineUnavailable`` if the image has been removed.
        """
        pool = self._make_pool(target)
        try:
            await pool.warm()
            if proof:
                await self._prove(pool, proof)
        except BaseException as error:
            await asyncio.shield(pool.close())
            if isinstance(error, ImageUnusable):
                raise EngineUnavailable(f"{error} Something else removed it. Publish again.") from error
            raise
        self._pools[target.function, target.version] = pool
        for instance in pool.resting:
            self.keeper.rested(instance)  # until now the keeper could not find it

    async def _prove(self, pool: Pool, proof: str) -> None:
        # Each example may take as long as a call.
        seconds = pool.target.caps.timeout_seconds * max(1, proof.count(">>>"))
        ended: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        call = Call("proof", Arguments(proof.encode()), seconds, ended.set_result, proof=True)
        pool.submit(call)
        try:
            await ended
        except asyncio.CancelledError:
            call.cancel()
            raise
        if call.result.error is not None:
            raise call.result.error

    async def make_ready(self, target: Target) -> None:
        """Have an instance of a version that takes calls, before it gets many at once.

        Raises what starting an instance raises.
        """
        if self._closing:
            raise Draining("The gateway is shutting down and starts nothing.")
        await self._pool(target).ensure()

    def calls(self, function: str, version: int) -> int:
        """How many calls of a version wait or run, those of instances that are about to go too."""
        key = (function, version)
        pools = [*self._pools.values(), *(pool for pools in self._drains.values() for pool in pools)]
        return sum(pool.running for pool in pools if (pool.target.function, pool.target.version) == key)

    async def gone(self, function: str, version: int | None = None) -> None:
        """Wait until what was withdrawn of a function, or of one of its versions, has ended."""
        ending = [
            task
            for task, pools in self._drains.items()
            for pool in pools
            if pool.target.function == function and version in (None, pool.target.version)
        ]
        if ending:
            await asyncio.wait(ending)

    def provision(self, target: Target) -> None:
        """Keep as many instances of a version as its ``caps.min_instances`` say, until it is withdrawn."""
        if target.caps.min_instances and not self._closing:
            self._pool(target).provision()

    def forget(self, function: str) -> None:
        """Forget how often a function was called: it has been deleted."""
        self.keeper.forget(function)

    def withdraw(self, function: str, version: int | None = None, refusal: FaasError | None = None) -> None:
        """Let a version's calls finish (or those of all versions), then end its instances; ``gone`` waits.

        With a ``refusal``, calls that still wait for an instance get that instead.
        """
        self.keeper.expect_nothing(function)
        keys = [key for key in self._pools if key[0] == function and version in (None, key[1])]
        pools = [self._pools.pop(key) for key in keys]
        if pools:
            self._behind(pools, refusal)

    async def drain(self, seconds: float) -> None:
        """Take no new calls; give running ones ``seconds``, then end every instance."""
        self._closing = True
        await self.prewarmed.close()
        for pool in self._pools.values():
            pool.hold()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(
                    *(pool.quiet() for pool in self._pools.values()),
                    *(asyncio.shield(drain) for drain in self._drains),
                    return_exceptions=True,
                )
        pools, self._pools = list(self._pools.values()), {}
        await self.keeper.close()
        await asyncio.gather(*(pool.close() for pool in pools))
        for task in self._drains:
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)

    def _pool(self, target: Target) -> Pool:
        key = (target.function, target.version)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._make_pool(target)
        return pool

    def _make_pool(self, target: Target) -> Pool:
        return Pool(
            self._engine,
            target,
            self.max_queue,
            self.queue_timeout,
            self._rebuild,
            self._on_emptied,
            self.keeper,
            self.feed.tell,
            self.prewarmed,
        )

    def _on_emptied(self, pool: Pool) -> None:
        key = (pool.target.function, pool.target.version)
        if self._pools.get(key) is pool:
            del self._pools[key]

    def _behind(self, pools: list[Pool], refusal: FaasError | None) -> None:
        async def drain() -> None:
            try:
                await asyncio.gather(*(pool.drain(refusal) for pool in pools))
            finally:
                await asyncio.gather(*(pool.close() for pool in pools))

        task = asyncio.create_task(drain())
        self._drains[task] = pools
        task.add_done_callback(lambda _: self._drains.pop(task, None))
