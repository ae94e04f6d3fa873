"""One container at a Docker engine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import Exit, ImageUnusable, PrewarmedSandbox
from jupyter_faas.gateway.engines.control_group import ControlGroup, resident_bytes
from jupyter_faas.gateway.engines.docker import Daemon, Refused
from jupyter_faas.gateway.engines.docker_config import caps_update
from jupyter_faas.gateway.engines.function_files import unpack_function
from jupyter_faas.gateway.engines.host_process import HostProcess
from jupyter_faas.gateway.engines.links import SocketDirectory
from jupyter_faas.gateway.engines.starting import StartingSandbox
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import EngineUnavailable, InitError

__all__ = ["DockerSandbox"]

POLL_SECONDS = 0.02
WATCH_SECONDS = 0.1
KILL_SECONDS = 20
OUTPUT_LINES = 20

Json = dict[str, Any]


class DockerSandbox(StartingSandbox, PrewarmedSandbox):
    """A container, from before its creation until after its removal.

    Its name is known from the start, so that whatever point a failed start got to can be undone. ``forget``
    is called once it is removed, or can't be; ``cpus`` is what the machine has.
    """

    def __init__(
        self,
        daemon: Daemon,
        name: str,
        directory: SocketDirectory | None,
        forget: Callable[[], None],
        cpus: float = 1.0,
    ) -> None:
        self.name = name
        self._cpus = cpus
        self._daemon = daemon
        self._directory = directory
        self._forget = forget
        self._process: HostProcess | None = None
        self._group: ControlGroup | None = None
        self._frozen_here = False
        self._removal: asyncio.Task[Exit] | None = None
        self._host: Json = {}

    async def launch(self, config: Json, files: Path | None = None) -> Json:
        """Create the container, unpack the tar ``files`` in it and start it; its inspection.

        Raises ``ImageUnusable`` if its image is gone, ``InitError`` if it can't run."""
        self._host = config["HostConfig"]
        try:
            container = await self._daemon.create(self.name, config)
        except Refused as refused:
            if refused.status == 404:
                raise ImageUnusable(
                    f"The image {config['Image']} is gone from the Docker engine."
                ) from refused
            raise
        if files is not None:
            with files.open("rb") as archive:
                await self._daemon.put_files(container, archive)
        try:
            await self._daemon.start(container)
        except Refused as refused:
            raise InitError(
                f"The Docker engine could not start the function's image: {refused.reason}"
            ) from refused
        inspected = await self._daemon.inspect(container) or {}
        self._process = HostProcess.of_container(int(inspected.get("State", {}).get("Pid", 0)), container)
        if self._process is not None:
            self._group = ControlGroup.of_container(self._process.pid, container)
        return inspected

    async def ended(self) -> None:
        """Wait until the container has ended."""
        if self._process is not None:
            await self._process.ended()
            return
        while _running(await self._daemon.inspect(self.name)):  # noqa: ASYNC110 - the engine isn't here
            await asyncio.sleep(WATCH_SECONDS)

    async def specialise(self, layer: bytes, caps: Caps) -> None:
        """See ``PrewarmedSandbox``. The engine is asked only if ``caps`` aren't those that it has."""
        if self._directory is None:
            raise InitError("The sandbox has no folder for its function.")
        wanted = caps_update(caps, self._cpus)
        differing = {name: value for name, value in wanted.items() if self._host[name] != value}
        unpacking = asyncio.to_thread(unpack_function, layer, self._directory.function_path)
        if not differing:
            await unpacking
            return
        if "Memory" in differing or "MemorySwap" in differing:
            differing["Memory"] = differing["MemorySwap"] = caps.memory_bytes
        try:
            await asyncio.gather(unpacking, self._daemon.update(self.name, differing))
        except Refused as refused:
            raise InitError(
                f"The Docker engine could not apply the function's caps: {refused.reason}"
            ) from refused

    async def pause(self) -> bool:
        """Freeze it: by its control group where this machine runs it and we may, in half a millisecond, else
        by the engine, in twenty. The engine is not told of the former."""
        self._frozen_here = self._group is not None and await self._group.freeze()
        if self._frozen_here:
            return True
        try:
            await self._daemon.pause(self.name)
        except (Refused, EngineUnavailable):
            return False
        return True

    async def resume(self) -> None:
        """Thaw it; raises ``EngineUnavailable`` if that can't be done."""
        if self._group is not None and self._frozen_here and self._group.thaw():
            self._frozen_here = False
            return
        with self._daemon.answering():
            await self._daemon.unpause(self.name)

    async def memory_bytes(self) -> int | None:
        """Its memory less what the kernel would give back at once, as ``docker stats`` has it."""
        if self._group is not None and (resident := self._group.resident_bytes()) is not None:
            return resident
        try:
            usage = await self._daemon.usage(self.name) or {}
        except (Refused, EngineUnavailable):
            return None
        memory = usage.get("memory_stats", {})
        return resident_bytes(memory["usage"], memory.get("stats", {})) if "usage" in memory else None

    async def kill(self) -> None:
        """End every process in the container at once; returns when none is left.

        Where its PID 1 is a process of this machine that we may signal, that takes about a millisecond, and
        works while the engine is busy or down.
        """
        if self._strike():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended(), KILL_SECONDS)
                return
        with self._daemon.answering():
            await self._daemon.kill(self.name)
            await self._settled()

    async def remove(self) -> Exit:
        """End it, read how it ended, remove the container and its directory. Safe to call twice.

        Raises ``EngineUnavailable`` if the engine doesn't answer; its processes are ended all the same where
        this machine runs them, and the container is an orphan then.
        """
        if self._removal is None or (self._removal.done() and self._failed(self._removal)):
            self._removal = asyncio.get_running_loop().create_task(self._remove())
        return await asyncio.shield(self._removal)

    async def read_exit(self, lines: int = OUTPUT_LINES) -> Exit:
        """How it ended, once it has ended, with the last ``lines`` that it printed."""
        inspected = await self._settled()
        if inspected is None:
            return Exit(None, False, "")
        state = inspected["State"]
        output = await self._daemon.output(self.name, lines)
        return Exit(int(state["ExitCode"]), bool(state["OOMKilled"]), output)

    async def _remove(self) -> Exit:
        self._strike()  # whether the engine answers or not
        try:
            with self._daemon.answering():
                result = await self._end_and_delete()
        finally:  # what can't be removed now is an orphan, for the next sweep
            self._forget()
        if self._process is not None:
            self._process.close()
        if self._directory is not None:
            self._directory.remove()
        return result

    def _strike(self) -> bool:
        """Send SIGKILL to all of it; false if that is for the engine to do."""
        if self._process is None or not self._process.signal(signal.SIGKILL):
            return False
        if self._group is not None:
            self._group.thaw()  # under cgroup v1 what is frozen doesn't even die
        return True

    async def _end_and_delete(self) -> Exit:
        if await self._daemon.inspect(self.name) is None:
            return Exit(None, False, "")
        await self.kill()
        result = await self.read_exit()
        await self._daemon.remove(self.name)
        return result

    async def _settled(self) -> Json | None:
        """The container's inspection once the engine has noticed its end; ``None`` if it is gone."""
        try:
            async with asyncio.timeout(KILL_SECONDS):
                while _running(inspected := await self._daemon.inspect(self.name)):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
                return inspected
        except TimeoutError:
            raise EngineUnavailable(
                f"The Docker engine at {self._daemon.address} could not end the container {self.name} in "
                f"{KILL_SECONDS} s; look at 'docker inspect {self.name}'.",
                engine="docker",
            ) from None

    @staticmethod
    def _failed(task: asyncio.Task[Exit]) -> bool:
        return task.cancelled() or task.exception() is not None


def _running(inspected: Json | None) -> bool:
    return inspected is not None and bool(inspected["State"].get("Running"))
