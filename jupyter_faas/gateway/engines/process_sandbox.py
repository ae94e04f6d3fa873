"""One instance of the process engine: a supervisor and its folder."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from jupyter_faas.gateway.engines.base import Exit, SandboxSpec
from jupyter_faas.gateway.engines.host_process import HostProcess
from jupyter_faas.gateway.engines.links import SocketDirectory
from jupyter_faas.gateway.engines.process_tree import (
    MARK,
    continue_processes,
    end_tree,
    start_time,
    stop_tree,
    tree_bytes,
)
from jupyter_faas.gateway.engines.starting import StartingSandbox
from jupyter_faas.model.errors import EngineUnavailable, InitError

__all__ = ["NOTE", "ProcessSandbox"]

OPEN_FILES = 1024
OUTPUT_BYTES = 4000
PATH_LIMIT = 100
"""The supervisor connects by path, and ``sun_path`` holds 107 bytes."""
NOTE = "process.json"
"""Who owns the instance and which process it is, for a gateway that finds the folder later."""


class ProcessSandbox(StartingSandbox):
    """A supervisor and its folder: socket, scratch, output."""

    def __init__(self, folder: Path, forget: Callable[[], None]) -> None:
        self._folder = folder
        self._forget = forget
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: HostProcess | None = None
        self._stopped: list[int] = []
        self._removal: asyncio.Task[Exit] | None = None
        self._elsewhere: Path | None = None
        self.link = self._make_link()

    def launch(self, spec: SandboxSpec, command: list[str], environment: dict[str, str], owner: str) -> None:
        """Start the supervisor; it gets nothing of the gateway's environment."""
        self.link.listen()
        scratch = self._folder / "scratch"
        scratch.mkdir(mode=0o700)
        with (self._folder / "output").open("wb") as output:
            self._process = _spawn(
                command,
                {**environment, **_environment(spec, scratch, self.link.socket_path)},
                scratch,
                output,
            )
        self._handle = HostProcess(self._process.pid)
        note = {"owner": owner, "pid": self._process.pid, "start_time": start_time(self._process.pid)}
        (self._folder / NOTE).write_text(json.dumps(note))

    async def ended(self) -> None:
        """Wait until the supervisor has ended."""
        if self._handle is not None:
            await self._handle.ended()

    async def pause(self) -> bool:
        """Stop the supervisor and everything that it started (SIGSTOP)."""
        if self._pid < 0:
            return False
        self._stopped = await asyncio.to_thread(stop_tree, self._pid, self._folder.name)
        return True

    async def resume(self) -> None:
        """Let them go on (SIGCONT)."""
        continue_processes(self._stopped)
        self._stopped = []

    async def memory_bytes(self) -> int | None:
        """Their memory, pages shared among them counted once."""
        return await asyncio.to_thread(tree_bytes, self._pid, self._folder.name) if self._pid > 0 else None

    async def kill(self) -> None:
        """End the supervisor and everything that it started; returns when none is left."""
        if not await asyncio.to_thread(end_tree, self._pid, self._folder.name):
            raise EngineUnavailable(
                f"The processes of instance {self._folder.name} can't be ended; see `ps` for what they do.",
                engine="process",
            )
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    async def remove(self) -> Exit:
        """End it, read how it ended and remove its folder. Safe to call twice."""
        if self._removal is None or (self._removal.done() and _failed(self._removal)):
            self._removal = asyncio.get_running_loop().create_task(self._remove())
        return await asyncio.shield(self._removal)

    async def read_exit(self) -> Exit:
        """How it ended; a signal counts as 128 + its number, as it does for containers."""
        if self._process is None:
            return Exit(None, False, "")
        status = await asyncio.to_thread(self._process.wait)
        output = ""
        with suppress(OSError):
            output = (self._folder / "output").read_bytes()[-OUTPUT_BYTES:].decode("utf-8", "replace").strip()
        return Exit(status if status >= 0 else 128 - status, False, output)

    @property
    def _pid(self) -> int:
        """The supervisor's; -1 if it doesn't run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else -1

    async def _remove(self) -> Exit:
        await self.kill()
        result = await self.read_exit()
        if self._handle is not None:
            self._handle.close()
        self.link.remove()
        if self._elsewhere is not None:
            await asyncio.to_thread(shutil.rmtree, self._elsewhere, True)
        await asyncio.to_thread(shutil.rmtree, self._folder, True)
        self._forget()
        return result

    def _make_link(self) -> SocketDirectory:
        place = self._folder / "link"
        if len(os.fsencode(place)) + len("/gateway.sock") > PATH_LIMIT:
            self._elsewhere = Path(tempfile.mkdtemp(prefix="faas-"))
            place = self._elsewhere / "link"
        return SocketDirectory(place)


def _environment(spec: SandboxSpec, scratch: Path, socket_path: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        MARK: spec.instance_id,
        "FAAS_LINK": f"unix:{socket_path}",
        "FAAS_MEMORY_BYTES": str(spec.caps.memory_bytes),
        "FAAS_PIDS": str(spec.caps.pids),
        "FAAS_NOFILE": str(OPEN_FILES),
        "FAAS_SCRATCH": str(scratch),
    }


def _spawn(
    command: list[str], environment: dict[str, str], folder: Path, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise InitError(f"The function's interpreter {command[0]} could not be started: {error}.") from error


def _failed(task: asyncio.Task[Exit]) -> bool:
    return task.cancelled() or task.exception() is not None
