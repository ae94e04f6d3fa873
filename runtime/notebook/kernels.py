"""Kernels: each runs one call; the one for the next call is started ahead of it.

They are reached through sockets in the file system (ZeroMQ's ``ipc``), for a function without a network has
no other. A kernel works in a folder of its own, which goes with it, so that calls don't find each other's
files either.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from .. import processes
from ..cgroups import Cgroup
from ..files import link_files
from ..outcomes import CallFailed, out_of_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from typing import Any

PREFIX = "notebook"
SOCKET_PATH_BYTES = 100  # sun_path holds 107, and "k-" with a number comes behind
LOOK_SECONDS = 0.02
READY_SECONDS = 600.0  # the caps end it earlier


class Kernels:
    """Gives a fresh kernel for each call; ``files`` of the function are linked into each one's folder."""

    def __init__(self, spec: KernelSpec, root: str, files: Iterable[str]) -> None:
        self.language = spec.language
        self._specs = _OneSpec(spec)
        self._root = root
        self._files = list(files)
        self._loop = asyncio.new_event_loop()
        self._spare: Kernel | None = None

    @property
    def spare_processes(self) -> frozenset[int]:
        """The process of the kernel that waits."""
        return frozenset({self._spare.pid}) if self._spare is not None else frozenset()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What ``work``, which talks to a kernel, gives."""
        return self._loop.run_until_complete(work)

    def prepare(self) -> None:
        """Have a kernel that is ready; raises ``CallFailed`` if it can't be started."""
        _sweep()
        self._spare = self._start()
        self.run(self._spare.ready())

    def take(self) -> Kernel:
        """A kernel that nobody has used, as soon as it is ready."""
        kernel, self._spare = self._spare, None
        if kernel is None or not self.run(kernel.lives()):
            kernel = self._start()
        self.run(kernel.ready())
        return kernel

    def replace(self, used: Kernel) -> None:
        """End the kernel of a call, and everything that the call has started; begin to start the next one."""
        used.disconnect()
        processes.end_all_but((), processes.Reaper())
        used.remove()
        self._spare = self._start()

    def _start(self) -> Kernel:
        kernel = Kernel(self._specs, self._root, self._files)
        self.run(kernel.start())
        return kernel


class Kernel:
    """One kernel in a folder of its own."""

    language_info: dict[str, Any]

    def __init__(self, specs: KernelSpecManager, root: str, files: Iterable[str]) -> None:
        name = f"{PREFIX}-{os.getpid()}-"
        self._folder = tempfile.mkdtemp(prefix=name)
        self._sockets = self._folder
        if len(os.fsencode(self._folder)) > SOCKET_PATH_BYTES:
            self._sockets = tempfile.mkdtemp(prefix=name, dir="/tmp")  # not in a sandbox, whose is short
        self.work = f"{self._folder}/work"
        os.mkdir(self.work)
        link_files(f"{root}/function", files, self.work)
        self.manager = AsyncKernelManager(
            kernel_spec_manager=specs,
            context=zmq.asyncio.Context.instance(),
            transport="ipc",
            ip=f"{self._sockets}/k",
            connection_file=f"{self._folder}/connection.json",
        )
        self.client: Any = None
        self.pid = 0

    async def start(self) -> None:
        """Start the process; it isn't waited for."""
        environment = {**os.environ, "IPYTHONDIR": f"{self._folder}/ipython"}
        try:
            await self.manager.start_kernel(cwd=self.work, env=environment)
        except OSError as error:
            raise CallFailed("init-error", f"The notebook's kernel can't be started: {error}.") from error
        provisioner: Any = self.manager.provisioner
        self.pid = provisioner.pid
        self.client = self.manager.client()
        self.client.start_channels(hb=False)  # a thread that asks whether the kernel lives; we are its parent

    async def ready(self) -> None:
        """Wait until it takes code; raises ``CallFailed`` if it ends before that."""
        if hasattr(self, "language_info"):
            return
        cgroup = Cgroup()
        ooms = cgroup.oom_kills()
        connecting = asyncio.ensure_future(self._link_other_names())
        try:
            await self.client.wait_for_ready(timeout=READY_SECONDS)
            reply = await self.client.kernel_info(reply=True, timeout=READY_SECONDS)
        except RuntimeError as error:
            if cgroup.oom_kills() > ooms:
                outcome = out_of_memory(cgroup.memory_cap, cgroup.memory_peak())
                raise CallFailed(outcome["code"], outcome["detail"], **outcome["figures"]) from error
            detail = "The notebook's kernel ended before it was ready. What it wrote is in the log."
            raise CallFailed("init-error", detail) from error
        finally:
            connecting.cancel()
        self.language_info = reply["content"]["language_info"]

    async def lives(self) -> bool:
        """Whether its process has not ended."""
        return bool(await self.manager.is_alive())

    def disconnect(self) -> None:
        """Close our ends of its sockets."""
        self.client.stop_channels()

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    async def _link_other_names(self) -> None:
        """Some kernels (R's) put a colon before the port where others, as Jupyter itself, put a dash."""
        while True:
            for name in os.listdir(self._sockets):
                if name.startswith("k:"):
                    with contextlib.suppress(FileExistsError):
                        os.symlink(name, f"{self._sockets}/k-{name[2:]}")
            await asyncio.sleep(LOOK_SECONDS)


class _OneSpec(KernelSpecManager):  # type: ignore[misc, unused-ignore]
    """Knows one kernel, whatever it is asked for."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - the base class names it so
        """The kernel."""
        return self._spec


def _sweep() -> None:
    """Remove the folders of workers that were killed: they had no time to."""
    for scratch in {tempfile.gettempdir(), "/tmp"}:  # noqa: S108 - see Kernel
        for name in os.listdir(scratch):
            kind, _, rest = name.partition("-")
            owner = rest.partition("-")[0]
            if kind == PREFIX and owner.isdecimal() and not os.path.exists(f"/proc/{owner}"):
                shutil.rmtree(os.path.join(scratch, name), ignore_errors=True)
