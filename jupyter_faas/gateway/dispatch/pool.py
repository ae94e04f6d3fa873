"""A version's instances, and the calls that wait for one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jupyter_faas.gateway.dispatch.instance import Instance, InstanceState, Target
from jupyter_faas.gateway.dispatch.slot import Slot, SlotState
from jupyter_faas.gateway.engines.base import Engine, ImageUnusable
from jupyter_faas.model.errors import Draining, FaasError, InternalError, InvocationTimeout, Saturated
from jupyter_faas.model.units import format_duration

__all__ = ["Lease", "Pool", "Rebuild"]

log = logging.getLogger(__name__)

Rebuild = Callable[[Target], Awaitable[Target]]


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot for one call, and what getting it cost."""

    slot: Slot
    instance: Instance
    queue_seconds: float
    start_seconds: float
    """The part of the wait during which the instance was being started; 0 for a warm start."""


class Pool:
    """Starts instances while calls wait for more slots than are coming, up to ``caps.max_instances``;
    simultaneous first calls share one start. Ends instances that were idle for ``caps.idle_seconds``.

    ``max_queue`` bounds the waiting calls and ``queue_seconds`` the wait of each. ``rebuild`` makes the image
    of a version anew when the engine hasn't got it any more.
    """

    def __init__(
        self,
        engine: Engine,
        target: Target,
        max_queue: int,
        queue_seconds: float,
        rebuild: Rebuild,
        emptied: Callable[[Pool], None],
    ) -> None:
        self.target = target
        self.instances: set[Instance] = set()
        self._engine = engine
        self._max_queue = max_queue
        self._queue_seconds = queue_seconds
        self._rebuild = rebuild
        self._rebuilding = asyncio.Lock()
        self._emptied = emptied
        self._waiters: deque[asyncio.Future[Slot]] = deque()
        self._changed = asyncio.Event()
        self._free: deque[Slot] = deque()
        self._owners: dict[Slot, Instance] = {}
        self._starts: set[asyncio.Task[None]] = set()
        self._idle_timers: dict[Instance, asyncio.TimerHandle] = {}

    @property
    def queued(self) -> int:
        """Calls that wait for a slot."""
        return len(self._waiters)

    async def acquire(self) -> Lease:
        """A slot for one call; the caller uses it at once, and the slot reports by itself when it is free.

        Raises ``Saturated`` if the queue is full, ``InvocationTimeout`` (phase ``queue``), and what starting
        an instance raises.
        """
        begun = asyncio.get_running_loop().time()
        slot = self._reserve_free() or await self._wait(begun)
        # Between being handed over and being taken a slot may lose its instance.
        while slot.state is not SlotState.RESERVED:
            slot = self._reserve_free() or await self._wait(begun)
        return self._lease(slot, asyncio.get_running_loop().time() - begun)

    async def warm(self) -> None:
        """Start one instance outside of any call (the check of a publish) and keep it for the first calls.

        Raises what starting an instance raises.
        """
        await self._new_instance().start(self._engine)

    async def drain(self, refusal: FaasError | None = None) -> None:
        """Let running and waiting calls finish, then end all instances; no new call may be made.

        With a ``refusal``, waiting calls get that instead of an instance.
        """
        if refusal is not None:
            self._fail_waiters(refusal)
        while self._waiters or any(not instance.idle for instance in self.instances):
            self._changed.clear()
            await self._changed.wait()
        await self.close()

    async def close(self) -> None:
        """End all instances and whatever runs on them."""
        for task in list(self._starts):
            task.cancel()
        self._fail_waiters(Draining("The gateway is shutting down."))
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(instance.end() for instance in list(self.instances)))

    def _reserve_free(self) -> Slot | None:
        while self._free:
            slot = self._free.popleft()
            if slot.state is SlotState.FREE:
                slot.state = SlotState.RESERVED
                return slot
        return None

    async def _wait(self, begun: float) -> Slot:
        if len(self._waiters) >= self._max_queue:
            raise Saturated(
                f"{len(self._waiters)} calls are already waiting for {self.target.function}, the most that "
                "the queue holds. Try again in a second, or publish with more --max-instances.",
                queued=len(self._waiters),
                retry_after_seconds=1,
            )
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Slot] = loop.create_future()
        self._waiters.append(waiter)
        self._scale()
        try:
            return await asyncio.wait_for(asyncio.shield(waiter), begun + self._queue_seconds - loop.time())
        except TimeoutError:
            self._withdraw(waiter)
            elapsed = loop.time() - begun
            raise InvocationTimeout(
                f"The call waited {format_duration(elapsed)} for a free instance and was not started. "
                "Try again, or publish with more --max-instances or --concurrency.",
                phase="queue",
                cap_seconds=self._queue_seconds,
                elapsed_seconds=round(elapsed, 3),
            ) from None
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: asyncio.Future[Slot]) -> None:
        """Take back a wait; a slot that was handed over at this very moment goes to the next."""
        if waiter.done():
            if not waiter.cancelled() and waiter.exception() is None:
                slot = waiter.result()
                if slot.state is SlotState.RESERVED:
                    slot.state = SlotState.FREE
                    self._on_freed(slot)
        else:
            waiter.cancel()
            self._waiters.remove(waiter)

    def _lease(self, slot: Slot, waited_seconds: float) -> Lease:
        instance = self._owners[slot]
        if timer := self._idle_timers.pop(instance, None):
            timer.cancel()
        # Who waited while the instance was being started had, for that part of the wait, a cold start.
        now = asyncio.get_running_loop().time()
        cold = now - waited_seconds < instance.started_at
        start = min(instance.start_seconds, waited_seconds) if cold else 0.0
        return Lease(slot, instance, waited_seconds - start, start)

    def _new_instance(self) -> Instance:
        instance = Instance(self.target, self._on_freed, self._on_ended)
        self.instances.add(instance)
        for slot in instance.slots:
            self._owners[slot] = instance
        return instance

    def _scale(self) -> None:
        """Start an instance if more calls wait than slots are on their way."""
        coming = sum(slot.state is SlotState.STARTING for slot in self._owners)
        running = sum(instance.state is not InstanceState.ENDED for instance in self.instances)
        while len(self._waiters) > coming and running < self.target.caps.max_instances:
            instance = self._new_instance()
            task = asyncio.create_task(self._start(instance))
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)
            coming += len(instance.slots)
            running += 1

    async def _start(self, instance: Instance) -> None:
        try:
            await self._start_or_rebuild(instance)
        except FaasError as error:
            self._on_start_failed(error)
        except Exception:
            log.exception("an instance of %s could not be started", self.target.function)
            self._on_start_failed(
                InternalError("The instance could not be started; the gateway's log says why.")
            )

    async def _start_or_rebuild(self, instance: Instance) -> None:
        """Start it; an image that was removed from the engine, or is of an older runtime, is made anew."""
        try:
            await instance.start(self._engine)
        except ImageUnusable as unusable:
            log.warning("%s: %s Building it again.", self.target.function, unusable)
            async with self._rebuilding:
                self.target = await self._rebuild(self.target)
            await self._new_instance().start(self._engine)

    def _on_start_failed(self, error: FaasError) -> None:
        # Others may still serve the queue. If none can, every waiting call hears why instead of each
        # trying in turn what has just failed.
        if not any(instance.state is not InstanceState.ENDED for instance in self.instances):
            self._fail_waiters(error)

    def _fail_waiters(self, error: FaasError) -> None:
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_exception(error)

    def _on_freed(self, slot: Slot) -> None:
        self._changed.set()
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                slot.state = SlotState.RESERVED
                future.set_result(slot)
                return
        self._free.append(slot)
        instance = self._owners[slot]
        if instance.idle:
            self._watch_idle(instance)

    def _watch_idle(self, instance: Instance) -> None:
        def end_if_idle() -> None:
            self._idle_timers.pop(instance, None)
            if instance.idle and instance.state is InstanceState.RUNNING:
                instance.retire()

        if timer := self._idle_timers.pop(instance, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._idle_timers[instance] = loop.call_later(self.target.caps.idle_seconds, end_if_idle)

    def _on_ended(self, instance: Instance) -> None:
        self._changed.set()
        self.instances.discard(instance)
        for slot in instance.slots:
            self._owners.pop(slot, None)
        if timer := self._idle_timers.pop(instance, None):
            timer.cancel()
        self._free = deque(slot for slot in self._free if slot.state is SlotState.FREE)
        if self._waiters and instance.started_at:
            # An instance that never ran tells its waiters itself: to start the next would be a loop.
            self._scale()
        if not self.instances and not self._waiters:
            self._emptied(self)
