"""A version's instances, and the calls that wait for one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from jupyter_faas.gateway.dispatch.call import Call
from jupyter_faas.gateway.dispatch.instance import Instance, InstanceState, Target
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.slot import Slot, SlotState
from jupyter_faas.gateway.engines.base import Engine, ImageUnusable
from jupyter_faas.model.errors import Draining, FaasError, InternalError, InvocationTimeout, Saturated
from jupyter_faas.model.units import format_duration

__all__ = ["Pool", "Rebuild"]

log = logging.getLogger(__name__)

Rebuild = Callable[[Target], Awaitable[Target]]


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
        self._waiting: deque[Call] = deque()
        self._queue_timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._free: deque[Slot] = deque()
        self._owners: dict[Slot, Instance] = {}
        self._starts: set[asyncio.Task[None]] = set()
        self._idle_timers: dict[Instance, asyncio.TimerHandle] = {}
        self._idle_since: dict[Instance, float] = {}

    @property
    def running(self) -> int:
        """Calls that wait or run."""
        busy = sum(slot.state is SlotState.BUSY for slot in self._owners)
        return len(self._waiting) + busy

    def submit(self, call: Call) -> None:
        """Run a call on a free slot, at once or when there is one.

        It ends with ``Saturated`` if the queue is full, with ``InvocationTimeout`` (phase ``queue``) if it
        has to wait too long, and with what starting an instance raises.
        """
        call.submitted = asyncio.get_running_loop().time()
        slot = self._take_free()
        if slot is not None:
            self._run(slot, call)
        elif len(self._waiting) >= self._max_queue:
            _refuse(call, self._saturated())
        else:
            call.held_by(self._withdraw)
            self._waiting.append(call)
            if self._queue_timer is None:
                self._watch_queue()
            self._scale()

    async def warm(self) -> None:
        """Start one instance outside of any call (the check of a publish) and keep it for the first calls.

        Raises what starting an instance raises.
        """
        await self._new_instance().start(self._engine)

    async def quiet(self) -> None:
        """Wait until no call waits or runs."""
        while self.running:
            self._changed.clear()
            await self._changed.wait()

    async def drain(self, refusal: FaasError | None = None) -> None:
        """Let running and waiting calls finish, then end all instances; no new call may be made.

        With a ``refusal``, waiting calls get that instead of an instance.
        """
        if refusal is not None:
            self._fail_waiting(refusal)
        await self.quiet()
        await self.close()

    async def close(self) -> None:
        """End all instances and whatever runs on them."""
        for task in list(self._starts):
            task.cancel()
        self._fail_waiting(Draining("The gateway is shutting down."))
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(instance.end() for instance in list(self.instances)))

    def _take_free(self) -> Slot | None:
        while self._free:
            slot = self._free.popleft()
            if slot.state is SlotState.FREE:
                return slot
        return None

    def _run(self, slot: Slot, call: Call) -> None:
        instance = self._owners[slot]
        waited = asyncio.get_running_loop().time() - call.submitted
        # Who waited while the instance was being started had, for that part of the wait, a cold start.
        if call.submitted < instance.started_at:
            call.start_seconds = min(instance.start_seconds, waited)
        call.queue_seconds = waited - call.start_seconds
        call.logs = instance.take_init_logs()
        slot.start(call)

    def _saturated(self) -> Saturated:
        return Saturated(
            f"{len(self._waiting)} calls are already waiting for {self.target.function}, the most that "
            "the queue holds. Try again in a second, or publish with more --max-instances.",
            queued=len(self._waiting),
            retry_after_seconds=1,
        )

    def _withdraw(self, call: Call) -> None:
        self._waiting.remove(call)
        self._changed.set()

    def _watch_queue(self) -> None:
        """One timer for all that wait: they have come in the order in which their time is up."""
        loop = asyncio.get_running_loop()
        self._queue_timer = None
        while self._waiting and self._waiting[0].submitted + self._queue_seconds <= loop.time():
            call = self._waiting.popleft()
            _refuse(call, self._overdue(loop.time() - call.submitted))
            self._changed.set()
        if self._waiting:
            due = self._waiting[0].submitted + self._queue_seconds
            self._queue_timer = loop.call_at(due, self._watch_queue)

    def _overdue(self, elapsed_seconds: float) -> InvocationTimeout:
        return InvocationTimeout(
            f"The call waited {format_duration(elapsed_seconds)} for a free instance and was not started. "
            "Try again, or publish with more --max-instances or --concurrency.",
            phase="queue",
            cap_seconds=self._queue_seconds,
            elapsed_seconds=round(elapsed_seconds, 3),
        )

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
        while len(self._waiting) > coming and running < self.target.caps.max_instances:
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
            self._fail_waiting(error)

    def _fail_waiting(self, error: FaasError) -> None:
        while self._waiting:
            _refuse(self._waiting.popleft(), error)
        self._changed.set()

    def _on_freed(self, slot: Slot) -> None:
        if self._waiting:
            self._run(slot, self._waiting.popleft())
            return
        self._changed.set()
        self._free.append(slot)
        instance = self._owners[slot]
        self._idle_since[instance] = asyncio.get_running_loop().time()
        if instance not in self._idle_timers:
            later = asyncio.get_running_loop().call_later
            self._idle_timers[instance] = later(self.target.caps.idle_seconds, self._watch_idle, instance)

    def _watch_idle(self, instance: Instance) -> None:
        """End it when it has been idle for long enough: one timer looks, not one for each call."""
        loop = asyncio.get_running_loop()
        self._idle_timers.pop(instance, None)
        if not instance.idle or instance.state is InstanceState.ENDED:
            return  # watched again when its call has ended
        due = self._idle_since[instance] + self.target.caps.idle_seconds
        if due <= loop.time():
            instance.retire()
        else:
            self._idle_timers[instance] = loop.call_at(due, self._watch_idle, instance)

    def _on_ended(self, instance: Instance) -> None:
        self._changed.set()
        self.instances.discard(instance)
        for slot in instance.slots:
            self._owners.pop(slot, None)
        self._idle_since.pop(instance, None)
        if timer := self._idle_timers.pop(instance, None):
            timer.cancel()
        self._free = deque(slot for slot in self._free if slot.state is SlotState.FREE)
        if self._waiting and instance.started_at:
            # An instance that never ran tells its waiters itself: to start the next would be a loop.
            self._scale()
        if not self.instances and not self._waiting:
            self._emptied(self)


def _refuse(call: Call, error: FaasError) -> None:
    """End a call that has not run."""
    call.queue_seconds = asyncio.get_running_loop().time() - call.submitted
    call.end(Result(error=error))
