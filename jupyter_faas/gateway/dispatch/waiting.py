"""One prewarmed sandbox, from its start until a function takes it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from jupyter_faas.gateway.dispatch.plan import Pattern
from jupyter_faas.gateway.engines.base import Engine, PrewarmedSandbox, SandboxSpec
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Crashed
from jupyter_faas.model.wire import PROTOCOL_VERSION, Frame, FrameError, FrameReader, Kind, encode_frame

__all__ = ["Waiting"]

REPORT_BYTES: Final = 64 * 1024
RECEIVE_BYTES: Final = 64 * 1024
LABELS: Final = {"jupyter-faas.prewarmed": "yes"}


class Waiting:
    """A sandbox whose first process waits for its function.

    ``failed`` names the module that could not be imported before, with ``reason``; nothing is imported then.
    ``lost`` hears of an end that nobody has asked for.
    """

    def __init__(self, pattern: Pattern, sandbox: PrewarmedSandbox, lost: Callable[[Waiting], None]) -> None:
        self.pattern = pattern
        self.sandbox = sandbox
        self.memory_bytes = 0
        self.failed = self.reason = ""
        self._lost = lost

    @classmethod
    async def start(
        cls,
        engine: Engine,
        pattern: Pattern,
        caps: Caps,
        imports: Sequence[str],
        seconds: float,
        lost: Callable[[Waiting], None],
    ) -> Waiting | None:
        """Start one and have it import; ``None`` where the engine can't.

        Raises ``TimeoutError`` if it doesn't wait for its function after ``seconds``, and what starting a
        sandbox raises; nothing is left of it then.
        """
        spec = SandboxSpec(secrets.token_hex(8), pattern.image, caps, LABELS, prewarmed=True)
        sandbox = await engine.start_prewarmed(spec)
        if sandbox is None:
            return None
        waiting = cls(pattern, sandbox, lost)
        try:
            async with asyncio.timeout(seconds):
                await waiting._prepare(imports)
            waiting.memory_bytes = await sandbox.memory_bytes() or 0
        except BaseException:
            await asyncio.shield(waiting.end())
            raise
        asyncio.get_running_loop().add_reader(sandbox.socket, waiting._on_readable)
        return waiting

    def give_up(self) -> PrewarmedSandbox:
        """The sandbox, for the one who goes on with it."""
        asyncio.get_running_loop().remove_reader(self.sandbox.socket)
        return self.sandbox

    async def end(self) -> None:
        """End it; nobody hears of that."""
        asyncio.get_running_loop().remove_reader(self.sandbox.socket)
        self.sandbox.socket.close()
        await self.sandbox.remove()

    async def _prepare(self, imports: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        reader = FrameReader(REPORT_BYTES)
        await loop.sock_sendall(
            self.sandbox.socket,
            encode_frame(
                Kind.PREPARE,
                header={"imports": list(imports), "environment": dict(self.pattern.environment)},
            ),
        )
        while True:
            data = await loop.sock_recv(self.sandbox.socket, RECEIVE_BYTES)
            if not data:
                raise Crashed("It ended before it waited for its function.")
            try:
                for frame in reader.feed(data):
                    if self._take(frame):
                        return
            except FrameError as error:
                raise Crashed(f"It sent {error}.") from error

    def _take(self, frame: Frame) -> bool:
        """Whether it waits now."""
        if frame.kind is Kind.HELLO and frame.header.get("protocol") == PROTOCOL_VERSION:
            return False
        if frame.kind is not Kind.PREPARED:
            raise FrameError(f"a frame of kind {int(frame.kind)} out of turn")
        self.failed = str(frame.header.get("failed", ""))[:200]
        self.reason = str(frame.header.get("reason", ""))[:500]
        return True

    def _on_readable(self) -> None:
        # It has nothing to say while it waits: it has ended, or is not to be trusted.
        asyncio.get_running_loop().remove_reader(self.sandbox.socket)
        self._lost(self)
