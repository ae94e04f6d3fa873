"""A version's instances, and the calls that wait for one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from jupyter_faas.gateway.dispatch.call import Call, Start
from jupyter_faas.gateway.dispatch.floor import Floor
from jupyter_faas.gateway.dispatch.instance import Instance, InstanceState, Provider, Target
from jupyter_faas.gateway.dispatch.keep_alive import Demand
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.slot import Slot, SlotState
from jupyter_faas.gateway.engines.base import Engine, ImageUnusable
from jupyter_faas.model.errors import Draining, FaasError, InternalError, InvocationTimeout, Saturated
from jupyter_faas.model.units import format_duration

__all__ = ["SHUTTING_DOWN", "Pool", "Rebuild"]

log = logging.getLogger(__name__)

SHUTTING_DOWN: Final = "The gateway is shutting down and takes no new calls. Call again when it is back."

Rebuild = Callable[[Target], Awaitable[Target]]


class IdleKeeper(Protocol):
    """Looks after idle instances; see ``keeper.py``."""

    def rested(self, instance: Instance) -> None:
        """An instance has nothing to do."""

    def demand(self, function: str, rank: int) -> Demand:
        """What is known of the idle times of an instance that is used after ``rank`` others."""


class Pool:
    """Resumes and starts instances while calls wait for more slots than are coming, up to
    ``caps.max_instances``; simultaneous first calls share one start. Keeps ``caps.min_instances`` of them.

    ``max_queue`` bounds the waiting calls and ``queue_seconds`` the wait of each. ``rebuild`` makes the image
    of a version anew when the engine hasn't got it any more. ``keeper`` looks after idle instances;
    ``wrote`` hears of what calls write; ``provider`` has sandboxes that a start may use.
    """

    def __init__(
        self,
        engine: Engine,
        target: Target,
        max_queue: int,
        queue_seconds: float,
        rebuild: Rebuild,
        emptied: Callable[[Pool], None],
        keeper: IdleKeeper,
        wrote: Callable[[str, str, bytes], None],
        provider: Provider | None = None,
    ) -> None:
        self.target = target
        self.instances: set[Instance] = set()
        self._engine = engine
        self._provider = provider
        self._max_queue = max_queue
        self._queue_seconds = queue_seconds
        self._rebuild = rebuild
        self._rebuilding = asyncio.Lock()
        self._emptied = emptied
        self._wrote = wrote
        self._waiting: deque[Call] = deque()
        self._queue_timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._free: deque[Slot] = deque()
        self._owners: dict[Slot, Instance] = {}
        self._starts: set[asyncio.Task[None]] = set()
        self._keeper = keeper
        self._waking: set[Instance] = set()
        self._floor = Floor(self)

    @property
    def running(self) -> int:
        """Calls that wait or run."""
        busy = sum(slot.state is SlotState.BUSY for slot in self._owners)
        return len(self._waiting) + busy

    @property
    def waiting(self) -> int:
        """Calls that wait for a slot."""
        return len(self._waiting)

    @property
    def living(self) -> int:
        """How many instances there are that have not ended, starting ones too."""
        return sum(instance.state is not InstanceState.ENDED for instance in self.instances)

    @property
    def resting(self) -> list[Instance]:
        """Those without a call, paused ones too, the last used first."""
        found = (instance for instance in self.instances if instance.resting)
        return sorted(found, key=lambda instance: -instance.idle_since)

    @property
    def ranked(self) -> list[tuple[int, Instance]]:
        """The same, each with the number of instances that are used before it is."""
        resting = self.resting
        return list(enumerate(resting, self.living - len(resting)))

    def protects(self, instance: Instance) -> bool:
        """Whether it is one of ``caps.min_instances``."""
        floor = self.target.caps.min_instances
        return any(rank < floor and other is instance for rank, other in self.ranked)

    def provision(self) -> None:
        """Start what ``caps.min_instances`` wants, behind the scenes, and keep it so."""
        self._floor.keep()

    def hold(self) -> None:
        """Start no more than calls need: the pool is about to be drained."""
        self._floor.close()

    def start_missing(self, number: int) -> None:
        """Start so many instances, behind the scenes."""
        for _ in range(number):
            self._begin_start()

    def start_ahead(self, idle_since: float) -> None:
        """Start an instance before it is called, if there is none; ``idle_since``: the last call's end."""
        if not self.living and not self._floor.closed:
            self._begin_start(idle_since)

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
        await self._new_instance().start(self._engine, self._provider)

    async def ensure(self) -> None:
        """Have an instance that takes calls: one that runs, else the next one started, at once.

        Raises what starting an instance raises.
        """
        while not any(instance.state is InstanceState.RUNNING for instance in self.instances):
            if self._starts:
                await asyncio.wait(list(self._starts), return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._start_or_rebuild(self._new_instance())

    async def quiet(self) -> None:
        """Wait until no call waits or runs."""
        while self.running:
            self._changed.clear()
            await self._changed.wait()

    async def drain(self, refusal: FaasError | None = None) -> None:
        """Let running and waiting calls finish, then end all instances; no new call may be made.

        With a ``refusal``, waiting calls get that instead of an instance.
        """
        self.hold()
        if refusal is not None:
            self._fail_waiting(refusal)
        await self.quiet()
        await self.close()

    async def close(self) -> None:
        """End all instances and whatever runs on them."""
        self._floor.close()
        for task in list(self._starts):
            task.cancel()
        self._fail_waiting(Draining(SHUTTING_DOWN))
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(instance.end() for instance in list(self.instances)))

    def _take_free(self) -> Slot | None:
        # The last one freed is taken first, so that what isn't needed gets to rest.
        while self._free:
            slot = self._free.pop()
            if slot.state is SlotState.FREE:
                return slot
        return None

    def _run(self, slot: Slot, call: Call) -> None:
        instance = self._owners[slot]
        waited = asyncio.get_running_loop().time() - call.submitted
        ready, call.start = instance.ready, Start.WARM
        # Who waited while the instance was being started had, for that part of the wait, a cold start.
        if call.submitted < ready.at:
            call.start, call.start_seconds = ready.start, min(ready.seconds, waited)
        if instance.settled:
            self._note_use(instance)
        call.queue_seconds = waited - call.start_seconds
        call.logs = instance.take_init_logs()
        slot.start(call)

    def _note_use(self, instance: Instance) -> None:
        """Its rest is over; tell how long it was."""
        instance.settled = False
        rank = sum(not other.resting for other in self.instances if other is not instance)
        idle_seconds = asyncio.get_running_loop().time() - instance.idle_since
        self._keeper.demand(self.target.function, rank).record(idle_seconds)

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
        instance = Instance(self.target, self._on_freed, self._offer, self._on_ended, self._wrote)
        self.instances.add(instance)
        for slot in instance.slots:
            self._owners[slot] = instance
        return instance

    def _scale(self) -> None:
        """Resume or start instances if more calls wait than slots are on their way."""
        coming = sum(slot.state is SlotState.STARTING for slot in self._owners)
        coming += sum(len(instance.slots) for instance in self._waking)
        paused = (one for one in self.resting if one.paused and one not in self._waking)
        while len(self._waiting) > coming and (instance := next(paused, None)):
            self._waking.add(instance)
            self._keep(self._wake(instance))
            coming += len(instance.slots)
        while len(self._waiting) > coming and self.living < self.target.caps.max_instances:
            demand = self._keeper.demand(self.target.function, self.living)
            if demand.last_used is not None:
                demand.record(asyncio.get_running_loop().time() - demand.last_used)
                demand.last_used = None
            coming += len(self._begin_start().slots)

    def _begin_start(self, idle_since: float | None = None) -> Instance:
        instance = self._new_instance()
        self._keep(self._start(instance, idle_since))
        return instance

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    async def _wake(self, instance: Instance) -> None:
        try:
            await instance.resume()
        finally:
            self._waking.discard(instance)

    async def _start(self, instance: Instance, idle_since: float | None = None) -> None:
        try:
            instance = await self._start_or_rebuild(instance)
            if idle_since is not None and instance.resting:
                instance.idle_since = idle_since
        except FaasError as error:
            self._on_start_failed(error)
        except Exception:
            log.exception("an instance of %s could not be started", self.target.function)
            self._on_start_failed(
                InternalError(
                    "The instance could not be started for a reason of ours; the gateway's log has it. Call "
                    "again; if that changes nothing, report it, please."
                )
            )

    async def _start_or_rebuild(self, instance: Instance) -> Instance:
        """Start it; an image that was removed from the engine, or is of an older runtime, is made anew."""
        try:
            await instance.start(self._engine, self._provider)
            return instance
        except ImageUnusable as unusable:
            log.warning("%s: %s Building it again.", self.target.function, unusable)
            async with self._rebuilding:
                self.target = await self._rebuild(self.target)
            instance = self._new_instance()
            await instance.start(self._engine, self._provider)
            return instance

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
        instance.idle_since = asyncio.get_running_loop().time()
        self._keeper.rested(instance)

    def _offer(self, slot: Slot) -> None:
        """A slot may be used again after a pause; its instance has been idle all the while."""
        if slot in self._free:
            self._free.remove(slot)  # from before the pause
        if self._waiting:
            self._run(slot, self._waiting.popleft())
            return
        self._free.append(slot)
        self._keeper.rested(self._owners[slot])

    def _on_ended(self, instance: Instance) -> None:
        self._changed.set()
        self.instances.discard(instance)
        for slot in instance.slots:
            self._owners.pop(slot, None)
        self._free = deque(slot for slot in self._free if slot.state is SlotState.FREE)
        if self._waiting and instance.started_at:
            # An instance that never ran tells its waiters itself: to start the next would be a loop.
            self._scale()
        self._floor.lost(instance)
        if not self.instances and not self._waiting and not self._floor.kept:
            self._emptied(self)


def _refuse(call: Call, error: FaasError) -> None:
    """End a call that has not run."""
    call.queue_seconds = asyncio.get_running_loop().time() - call.submitted
    call.end(Result(error=error))
