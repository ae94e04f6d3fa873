"""Sandboxes that are started before anybody wants them: who keeps them, who takes them, who replaces them.

A first call (or the check of a publish) takes one of its function's pattern, which becomes that function's
and never another's. They are replaced behind the calls, one at a time and in a quiet moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from traitlets import Integer
from traitlets.config import LoggingConfigurable

from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.dispatch.machine import memory_share
from jupyter_faas.gateway.dispatch.plan import Pattern, Plan, Planner
from jupyter_faas.gateway.dispatch.supply import Supply, allotted
from jupyter_faas.gateway.dispatch.waiting import Waiting
from jupyter_faas.gateway.engines.base import Engine, ImageUnusable, Sandbox
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import FaasError, InitError

__all__ = ["Prewarmed"]

log = logging.getLogger(__name__)

ASSUMED_BYTES: Final = 20 * 10**6
"""What a sandbox is taken for until one of its pattern has been measured."""
MOST_BYTES: Final = 512 * 10**6
SHARE: Final = 32
PREPARE_SECONDS: Final = 20.0
"""Imports that take longer are left to the functions."""
QUIET_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 5.0
"""A gateway that is never quiet gets its sandboxes all the same."""
LOOK_SECONDS: Final = 60.0
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
"""How long a pattern that could not be started rests; each failure in a row doubles it."""
MAX_PATTERNS: Final = 64


class Prewarmed(LoggingConfigurable):
    """Keeps prewarmed sandboxes for the functions that were wanted of late."""

    memory_bytes = Integer(
        None,
        allow_none=True,
        min=0,
        help="How many bytes of memory the sandboxes that are started before any call may take together; "
        "with 0 there are none. By default a thirty-second of the machine's memory, at most 512 MB.",
    ).tag(config=True)

    def __init__(self, engine: Engine, plan: Planner, busy: Callable[[], bool], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.taken = 0
        """How many starts were served by one."""
        self.missed = 0
        """How many could have been, had one been there."""
        self.unfit = 0
        """How many started plainly because the one that was there could not become theirs."""
        self._budget = memory_share(SHARE, 0, MOST_BYTES) if self.memory_bytes is None else self.memory_bytes
        self._engine = engine
        self._plan = plan
        self._busy = busy
        self._supplies: dict[Pattern, Supply] = {}
        self._caps: dict[Pattern, Caps] = {}
        self._waiting: dict[Pattern, list[Waiting]] = {}
        self._unfit: dict[Pattern, set[str]] = {}
        self._failed: dict[Pattern, tuple[float, float]] = {}
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tender: asyncio.Task[None] | None = None
        self._closed = not engine.prewarms

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(every) for every in self._waiting.values())

    @property
    def waiting_bytes(self) -> int:
        """The memory that they take."""
        return sum(one.memory_bytes for every in self._waiting.values() for one in every)

    def expect(self, target: Target) -> None:
        """A first call of this version may come."""
        if not self._closed and self._budget:
            self._keep(self._note(target))

    async def take(self, target: Target) -> Sandbox | None:
        """A sandbox that has become this version's, but for its ``INIT``; ``None``: start one plainly."""
        if self._closed or not self._budget:
            return None
        if not any(pattern.image == target.environment_image for pattern in self._waiting):
            self.expect(target)  # planning it would only hold up the start
            return None
        plan = await self._planned(target)
        if plan is None:
            return None
        self._ask(plan.pattern, target.caps)
        waiting = self._pop(plan.pattern)
        if waiting is None:
            self.missed += 1
            return None
        sandbox = waiting.give_up()
        try:
            layer = await asyncio.to_thread(_verified, plan)
            await sandbox.specialise(layer, target.caps)
        except BaseException as error:
            await asyncio.shield(self._end(waiting))
            if not isinstance(error, FaasError):
                raise
            self.unfit += 1
            log.warning("%s is started plainly: %s", target.function, error)
            return None
        self.taken += 1
        return sandbox

    async def close(self) -> None:
        """End all that wait, and start no more."""
        self._closed = True
        tasks = [*self._tasks, *([self._tender] if self._tender is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        every = [one for pattern in list(self._waiting) for one in self._waiting.pop(pattern)]
        await asyncio.gather(*(self._end(one) for one in every))

    async def _planned(self, target: Target) -> Plan | None:
        try:
            return await self._plan(target)
        except (FaasError, OSError) as error:
            log.warning("%s can't be prewarmed: %s", target.function, error)
            return None

    async def _note(self, target: Target) -> None:
        if plan := await self._planned(target):
            self._ask(plan.pattern, target.caps)

    def _ask(self, pattern: Pattern, caps: Caps) -> None:
        self._supplies.setdefault(pattern, Supply()).ask(asyncio.get_running_loop().time())
        self._caps[pattern] = caps
        if len(self._supplies) > MAX_PATTERNS:
            oldest = min(self._supplies, key=lambda one: self._supplies[one].last_asked)
            self._forget(oldest)
        if self._tender is None:
            self._tender = asyncio.create_task(self._tend())
        self._wake.set()

    def _forget(self, pattern: Pattern) -> None:
        self._supplies.pop(pattern)
        self._caps.pop(pattern, None)
        self._unfit.pop(pattern, None)
        self._failed.pop(pattern, None)
        for one in self._waiting.pop(pattern, ()):
            self._keep(self._end(one))

    def _pop(self, pattern: Pattern) -> Waiting | None:
        every = self._waiting.get(pattern, [])
        one = every.pop() if every else None
        if not every:
            self._waiting.pop(pattern, None)
        return one

    def _on_lost(self, one: Waiting) -> None:
        log.info("a prewarmed sandbox has ended while it waited")
        every = self._waiting.get(one.pattern, [])
        if one in every:
            every.remove(one)
        self._keep(self._end(one))
        self._wake.set()

    async def _end(self, one: Waiting) -> None:
        try:
            await one.end()
        except FaasError as error:
            log.warning("a prewarmed sandbox could not be removed: %s", error)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Behind the calls

    async def _tend(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()
            try:
                while (pattern := self._next_missing()) is not None:
                    await self._quiet()
                    await self._add(pattern)
            except Exception:
                log.exception("prewarmed sandboxes could not be looked after")

    def _next_missing(self) -> Pattern | None:
        """End what is too much; of what pattern one is missing, those asked for last first."""
        now = asyncio.get_running_loop().time()
        sizes = {pattern: self._size(pattern) for pattern in self._supplies}
        allowed = allotted(self._supplies, sizes, self._budget, now)
        for pattern, number in allowed.items():
            while len(self._waiting.get(pattern, ())) > number and (one := self._pop(pattern)) is not None:
                self._keep(self._end(one))
        for pattern, number in allowed.items():
            failed, pause = self._failed.get(pattern, (0.0, 0.0))
            if len(self._waiting.get(pattern, ())) < number and now - failed >= pause:
                return pattern
        return None

    def _size(self, pattern: Pattern) -> int:
        return max((one.memory_bytes for one in self._waiting.get(pattern, ())), default=0) or ASSUMED_BYTES

    async def _quiet(self) -> None:
        loop = asyncio.get_running_loop()
        patience = loop.time() + PATIENCE_SECONDS
        since = loop.time()
        while loop.time() < patience and loop.time() - since < QUIET_SECONDS:
            await asyncio.sleep(QUIET_SECONDS / 4)
            if self._busy():
                since = loop.time()

    async def _add(self, pattern: Pattern) -> None:
        unfit = self._unfit.setdefault(pattern, set())
        imports = [name for name in pattern.imports if name not in unfit]
        try:
            one = await Waiting.start(
                self._engine, pattern, self._caps[pattern], imports, PREPARE_SECONDS, self._on_lost
            )
        except TimeoutError:
            unfit.update(imports)
            self._fail(pattern, f"importing {', '.join(imports)} takes too long", for_good=bool(imports))
            return
        except (FaasError, ImageUnusable) as error:
            self._fail(pattern, str(error))
            return
        if one is None:
            self._closed = True
            return
        if one.reason:
            log.info("%s is not imported ahead: %s", one.failed or "a module", one.reason)
            unfit.update([one.failed] if one.failed in imports else imports)
        self._failed.pop(pattern, None)
        if pattern in self._supplies:
            self._waiting.setdefault(pattern, []).append(one)
        else:
            await self._end(one)

    def _fail(self, pattern: Pattern, reason: str, for_good: bool = False) -> None:
        log.warning("a sandbox could not be prewarmed: %s", reason)
        if not for_good:
            loop = asyncio.get_running_loop()
            _, last = self._failed.get(pattern, (0.0, FIRST_PAUSE_SECONDS / 2))
            pause = min(2 * last, LONGEST_PAUSE_SECONDS)
            self._failed[pattern] = (loop.time(), pause)
            loop.call_later(pause, self._wake.set)


def _verified(plan: Plan) -> bytes:
    """The layer's content; raises ``InitError`` if it isn't what the function's image has."""
    try:
        content = plan.layer.read_bytes()
    except OSError as error:
        raise InitError(f"its layer can't be read ({error.strerror})") from error
    if "sha256:" + hashlib.sha256(content).hexdigest() != plan.diff_id:
        raise InitError("the layer that was kept of it is not the one of its image")
    return content
