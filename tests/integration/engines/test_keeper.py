"""Idle instances of real engines under the gateway's keeper, with a history that would take days to make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from jupyter_faas.gateway.dispatch.call import Call, Start
from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.dispatch.instance import Instance, Target
from jupyter_faas.gateway.engines.base import Sandbox
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import EngineUnavailable

from .conftest import Rig

ADD = "def probe(a=1, b=2):\n    return a + b\n"


async def _unplanned(target: Target) -> None:
    """Nothing is prewarmed."""


async def _never(target: Target) -> Target:
    raise AssertionError(f"{target.function} needs no rebuild")


@asynccontextmanager
async def dispatching(rig: Rig, caps: Caps) -> AsyncIterator[tuple[Dispatcher, Target]]:
    """A dispatcher with one instance of ADD, as after a publish."""
    engine = rig.engine()
    dispatcher = Dispatcher(engine, _never, _unplanned)
    dispatcher.keeper.pause_seconds = 0.1
    try:
        target = Target("probe", 1, (await rig.image(engine, ADD)).id, caps)
        await dispatcher.check(target, "")
        yield dispatcher, target
    finally:
        await dispatcher.drain(1)
        await engine.close()


async def call(dispatcher: Dispatcher, target: Target) -> Call:
    """One call, ended."""
    ended: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    dispatcher.begin(target, Call("call", Arguments(b"{}"), 10.0, ended.set_result))
    return await asyncio.wait_for(ended, 20)


async def until(look: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(15):
        while not look():
            await asyncio.sleep(0.02)


def only_instance(dispatcher: Dispatcher) -> Instance:
    (pool,) = dispatcher.keeper.pools()
    (instance,) = pool.instances
    return instance


def test_an_instance_is_started_ahead_of_a_regular_call(rig: Rig) -> None:
    async def scenario() -> None:
        async with dispatching(rig, Caps()) as (dispatcher, target):
            keeper, loop = dispatcher.keeper, asyncio.get_running_loop()
            demand = keeper.demand("probe", 0)
            for _ in range(5):
                demand.record(400.0)
            keeper.idle_memory_bytes = 0
            only_instance(dispatcher).idle_since = loop.time() - demand.quiet_seconds + 1.5
            await until(lambda: dispatcher.instances() == 0)
            keeper.idle_memory_bytes = 10**9
            await until(lambda: dispatcher.instances() == 1 and only_instance(dispatcher).paused)
            done = await call(dispatcher, target)
            assert done.result.error is None
            assert done.start is Start.PAUSED, "nobody waited for its start"

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_an_instance_that_cannot_be_resumed_is_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: Sandbox) -> None:
        raise EngineUnavailable("It does not answer.", engine=rig.kind)

    async def scenario() -> None:
        async with dispatching(rig, Caps(max_instances=1)) as (dispatcher, target):
            await until(lambda: only_instance(dispatcher).paused)
            instance = only_instance(dispatcher)
            monkeypatch.setattr(type(instance.sandbox), "resume", refuse)
            done = await call(dispatcher, target)
            assert done.result.error is None
            assert done.start is Start.COLD
            assert only_instance(dispatcher) is not instance

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_many_calls_resume_one_instance_once(rig: Rig) -> None:
    async def scenario() -> None:
        async with dispatching(rig, Caps(max_instances=1, concurrency=2)) as (dispatcher, target):
            for _ in range(5):
                await until(lambda: only_instance(dispatcher).paused)
                instance = only_instance(dispatcher)
                done = await asyncio.gather(*(call(dispatcher, target) for _ in range(20)))
                assert all(one.result.error is None for one in done)
                assert done[0].start is Start.PAUSED
                assert only_instance(dispatcher) is instance

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_calls_while_an_instance_is_being_paused_are_answered(rig: Rig) -> None:
    async def scenario() -> None:
        async with dispatching(rig, Caps(max_instances=1)) as (dispatcher, target):
            dispatcher.keeper.pause_seconds = 0.0
            for _ in range(50):
                assert (await call(dispatcher, target)).result.error is None
                await asyncio.sleep(0)

    asyncio.run(scenario())
    assert rig.leftovers() == []
