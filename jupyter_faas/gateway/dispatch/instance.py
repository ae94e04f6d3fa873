"""One running instance of a version."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol, cast

from jupyter_faas.gateway.dispatch.call import Start
from jupyter_faas.gateway.dispatch.line import Line
from jupyter_faas.gateway.dispatch.link import Link
from jupyter_faas.gateway.dispatch.logs import entries_in
from jupyter_faas.gateway.dispatch.outcome import error_in
from jupyter_faas.gateway.dispatch.slot import Slot, SlotState
from jupyter_faas.gateway.engines.base import Engine, Exit, ImageUnusable, Sandbox, SandboxSpec
from jupyter_faas.model.arguments import Buffer
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import (
    Crashed,
    EngineUnavailable,
    FaasError,
    InitError,
    InvocationTimeout,
    OutOfMemory,
)
from jupyter_faas.model.units import format_duration, format_size
from jupyter_faas.model.wire import PROTOCOL_VERSION, Frame, Kind, encode_frame

__all__ = ["Instance", "InstanceState", "Provider", "Target"]

log = logging.getLogger(__name__)

FRAME_SLACK_BYTES: Final = 2_000_000
"""Room for log frames beside the result in what one frame may carry."""
RESUME_SECONDS: Final = 5.0
"""A pause that can't be undone in this time ends the instance, and another takes its calls."""
MAX_INIT_LOG_BYTES: Final = 64_000
MAX_OUTPUT_LINES: Final = 50


@dataclass(frozen=True)
class Target:
    """What dispatch has to know of a version in order to run it."""

    function: str
    version: int
    image: str
    caps: Caps
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    environment_image: str = ""
    """The id of the image that ``image`` is made of, with a layer more."""
    bundle: str = ""
    """The digest of the bundle that both are made of."""


class Provider(Protocol):
    """Has sandboxes that wait for their function; see ``prewarmed.py``."""

    async def take(self, target: Target) -> Sandbox | None:
        """One that is the version's from now on; ``None`` if there is none."""


class InstanceState(Enum):
    """Where an instance is in its life."""

    STARTING = auto()  # no worker has been ready yet
    RUNNING = auto()  # at least one worker has been ready
    ENDED = auto()  # takes no more calls; its sandbox is being removed, or has been


@dataclass(slots=True)
class Readiness:
    """How an instance became able to take calls, when (on the event loop's clock), and how long that took."""

    start: Start
    at: float = 0.0
    seconds: float = 0.0


class Instance:
    """A sandbox, the link to its supervisor, and its slots.

    ``freed`` hears of each slot that may take a call, ``offer`` of those that may again after a pause,
    ``ended`` of the end of the instance, ``wrote`` of what a call wrote (function, invocation, lines).
    """

    def __init__(
        self,
        target: Target,
        freed: Callable[[Slot], None],
        offer: Callable[[Slot], None],
        ended: Callable[[Instance], None],
        wrote: Callable[[str, str, bytes], None],
    ) -> None:
        self.id = secrets.token_hex(8)
        self.target = target
        self.state = InstanceState.STARTING
        self.start_seconds = 0.0
        self.started_at = 0.0
        """When the first worker was ready, on the event loop's clock; 0 before."""
        self.idle_since = 0.0
        """When the last call on it ended, on the same clock."""
        self.settled = False
        """Whether it has been looked at since then: its memory measured, and paused if that may be."""
        self.memory_bytes = target.caps.memory_bytes
        """What it took when it was last measured; before that, the most that it may."""
        self._way = Start.COLD
        self.ready = Readiness(Start.COLD)
        self.init_logs = b""
        self._turn = asyncio.Lock()
        self._begun = 0.0
        self._outdated = False
        self._ended = ended
        self._offer = offer
        self._wrote = wrote
        self.sandbox: Sandbox | None = None
        self._link: Link | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._burial: asyncio.Task[None] | None = None
        caps = target.caps
        self.slots = [
            Slot(number, caps, self._send, self._line_to, freed, self._on_unruly)
            for number in range(caps.concurrency)
        ]

    @property
    def idle(self) -> bool:
        """Whether no call runs on it."""
        return not any(slot.state is SlotState.BUSY for slot in self.slots)

    @property
    def resting(self) -> bool:
        """Whether it runs, and all of its workers wait for calls."""
        ready = (SlotState.FREE, SlotState.PAUSED)
        return self.state is InstanceState.RUNNING and all(slot.state in ready for slot in self.slots)

    @property
    def paused(self) -> bool:
        """Whether it is paused, or about to be."""
        return any(slot.state is SlotState.PAUSED for slot in self.slots)

    async def start(self, engine: Engine, provider: Provider | None = None) -> None:
        """Start the sandbox, or take one of ``provider``, and wait for the first worker.

        Raises ``ImageUnusable``, ``InitError``, ``OutOfMemory``, ``Crashed``, ``InvocationTimeout`` (phase
        ``init``) or ``EngineUnavailable``; nothing is left of the instance then.
        """
        self._begun = asyncio.get_running_loop().time()
        try:
            self.sandbox = await provider.take(self.target) if provider is not None else None
            if self.sandbox is not None:
                self._way = Start.PREWARMED
            else:
                labels = {**self.target.labels, "jupyter-faas.function": self.target.function}
                self.sandbox = await engine.start(
                    SandboxSpec(self.id, self.target.image, self.target.caps, labels)
                )
            await self._open_link(self.sandbox)
            await self._await_ready()
        except BaseException as error:
            await asyncio.shield(self.end())
            if self._outdated:
                raise ImageUnusable(str(error)) from error
            if isinstance(error, FaasError) and self.init_logs:
                said = [entry.text for entry in entries_in(self.init_logs)]
                error.figures.setdefault("output", said[-MAX_OUTPUT_LINES:])
            raise

    async def settle(self, pause: bool) -> None:
        """Measure its memory and, with ``pause``, pause it; nothing if it isn't resting any more.

        Never raises: where that can't be done it goes on as it is.
        """
        sandbox = self.sandbox
        if sandbox is None or not self.resting:
            return
        self.settled = True
        if pause:
            for slot in self.slots:
                slot.state = SlotState.PAUSED
        async with self._turn:
            self.memory_bytes = await sandbox.memory_bytes() or self.memory_bytes
            if pause and not await sandbox.pause():
                log.info("instance %s of %s can't be paused here", self.id, self.target.function)
                self._use_again()

    async def resume(self) -> bool:
        """Let it go on, and give its slots free; false if it has ended, or had to be."""
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(RESUME_SECONDS), self._turn:
                if self.paused and self.sandbox is not None:
                    await self.sandbox.resume()
        except (EngineUnavailable, TimeoutError) as error:
            log.warning("instance %s of %s can't be resumed: %s", self.id, self.target.function, error)
            self.retire()
            return False
        if self.paused:
            now = asyncio.get_running_loop().time()
            self.ready = Readiness(Start.PAUSED, now, now - begun)
            self._use_again()
        return self.state is InstanceState.RUNNING

    def _use_again(self) -> None:
        for slot in self.slots:
            if slot.state is SlotState.PAUSED:
                slot.state = SlotState.FREE
                self._offer(slot)

    def take_init_logs(self) -> bytes:
        """What importing the function logged, once; afterwards nothing."""
        logs, self.init_logs = self.init_logs, b""
        return logs

    def retire(self) -> None:
        """Begin to end the instance and what runs on it."""
        self._fail(
            Crashed(
                "The instance was stopped while the call was running, as happens when a function is deleted, "
                "a version replaced or the gateway stopped. Call it again."
            )
        )

    async def end(self) -> None:
        """End the instance and what runs on it; returns when it holds nothing any more."""
        self.retire()
        await asyncio.shield(cast("asyncio.Task[None]", self._burial))

    async def _open_link(self, sandbox: Sandbox) -> None:
        caps = self.target.caps
        bound = max(caps.result_bytes, caps.log_bytes) + FRAME_SLACK_BYTES
        self._link = await Link.open(sandbox.socket, bound, self._on_frame, self._on_lost)
        init = {
            "protocol": PROTOCOL_VERSION,
            "environment": dict(self.target.environment),
            "workers": caps.concurrency,
            "log_bytes": caps.log_bytes,
            "result_bytes": caps.result_bytes,
            "network": caps.network,
            "isolate": caps.isolate,
            "caps": caps.model_dump(),
        }
        self._send(encode_frame(Kind.INIT, header=init))

    async def _await_ready(self) -> None:
        cap = self.target.caps.init_timeout_seconds
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), cap)
        except TimeoutError:
            raise InvocationTimeout(
                f"The function's own import code was still running after {format_duration(cap)}, its cap. "
                "Move slow work into the function, or publish with a larger --init-timeout.",
                phase="init",
                cap_seconds=cap,
                elapsed_seconds=cap,
            ) from None

    def _send(self, *pieces: Buffer) -> None:
        if self._link is not None:
            self._link.send(*pieces)

    def _line_to(self, slot: Slot) -> Line | None:
        """A connection of its own to the slot's worker; none if that can't be had now."""
        if self._link is None:
            return None
        try:
            ours, theirs = socket.socketpair()
        except OSError:
            return None  # no descriptors are left
        with theirs:
            if self._link.send_descriptor(encode_frame(Kind.LINE, slot.number), theirs.fileno()):
                bound = self.target.caps.result_bytes + FRAME_SLACK_BYTES
                return Line(ours, bound, slot.on_line_frame, slot.on_line_lost)
        ours.close()
        return None

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind is Kind.HELLO:
            self._on_hello(frame)
        elif frame.slot < len(self.slots):
            slot = self.slots[frame.slot]
            if frame.kind is Kind.RESULT:
                slot.on_result(frame)
            elif frame.kind is Kind.CHUNK:
                slot.on_chunk(frame)
            elif frame.kind is Kind.LOG:
                self._on_log(slot, frame)
            elif frame.kind is Kind.READY:
                self._on_ready(slot, frame)
            elif frame.kind is Kind.FAILED:
                self._fail(error_in(frame.header))

    def _on_hello(self, frame: Frame) -> None:
        if frame.header.get("protocol") != PROTOCOL_VERSION:
            self._outdated = True
            self._fail(
                InitError(
                    "The function's image was made by another version of jupyter-faas: it speaks protocol "
                    f"{str(frame.header.get('protocol'))[:20]}, this gateway {PROTOCOL_VERSION}. "
                    "Publish it again."
                )
            )

    def _on_log(self, slot: Slot, frame: Frame) -> None:
        if slot.state is not SlotState.STARTING:
            if slot.on_log(frame):
                self._wrote(self.target.function, slot.invocation, frame.body)
        elif len(self.init_logs) + len(frame.body) <= MAX_INIT_LOG_BYTES:
            self.init_logs += frame.body + b"\n"
            self._wrote(self.target.function, "", frame.body)

    def _on_ready(self, slot: Slot, frame: Frame) -> None:
        if not self._ready.done():
            self.state = InstanceState.RUNNING
            self.started_at = asyncio.get_running_loop().time()
            self.start_seconds = self.started_at - self._begun
            self.ready = Readiness(self._way, self.started_at, self.start_seconds)
            self._ready.set_result(None)
        slot.on_ready(frame.header.get("line") is True)

    def _on_unruly(self, slot: Slot) -> None:
        log.warning("%s: slot %d did not end its call in time; ending the instance", self.id, slot.number)
        self._fail(
            Crashed(
                "Another call on the same instance could not be ended, so the instance was. Call it again; "
                "with --concurrency 1 calls don't share instances."
            )
        )

    def _on_lost(self, fault: str | None) -> None:
        if fault is not None:
            log.warning("instance %s of %s sent %s", self.id, self.target.function, fault)
        self._fail(None)

    def _fail(self, error: FaasError | None) -> None:
        """End the instance because of ``error``; ``None``: because of what the engine will say."""
        if self._burial is None:
            self.state = InstanceState.ENDED
            for slot in self.slots:
                slot.close()
            self._burial = asyncio.create_task(self._bury(error))

    async def _bury(self, error: FaasError | None) -> None:
        if error is None:
            error = await self._remove_sandbox() or Crashed(
                "The instance ended, and the engine doesn't say why. Call it again; if that happens often, "
                "see the function's logs and the gateway's."
            )
            self._tell(error)
        else:
            # Callers hear of it as soon as nothing runs any more; removing takes the engine longer.
            await self._kill_sandbox()
            self._tell(error)
            await self._remove_sandbox()
        self._ended(self)

    def _tell(self, error: FaasError) -> None:
        if self._link is not None:
            self._link.close()
        for slot in self.slots:
            slot.on_gone(error)
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # nobody may be waiting for it any more

    async def _kill_sandbox(self) -> None:
        try:
            if self.sandbox is not None:
                await self.sandbox.kill()
        except EngineUnavailable:
            log.warning("instance %s could not be killed: the engine does not answer", self.id)

    async def _remove_sandbox(self) -> FaasError | None:
        """Remove the sandbox; why it ended, as the engine tells it."""
        try:
            return self._cause(await self.sandbox.remove()) if self.sandbox is not None else None
        except EngineUnavailable as unavailable:
            return unavailable

    def _cause(self, ended: Exit) -> FaasError:
        cap = self.target.caps.memory_bytes
        if ended.out_of_memory:
            return OutOfMemory(
                f"The function needed more than its memory cap of {format_size(cap)}. "
                "Publish with a larger --memory.",
                cap_bytes=cap,
                peak_bytes=cap,
            )
        detail = f"The function's container ended unexpectedly (exit status {ended.status}). {ended.output}"
        return Crashed(detail.strip(), exit_status=ended.status)
