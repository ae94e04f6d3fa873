"""A process of this machine held by a descriptor, so that its end is known at once and its id can't be
mistaken for another's (``pidfd_open(2)``)."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

__all__ = ["HostProcess"]


class HostProcess:
    """A running process. When PID 1 of a container ends, the kernel has ended all its processes before."""

    def __init__(self, pid: int) -> None:
        """Raises ``OSError`` if there is no such process."""
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._ended: asyncio.Future[None] | None = None

    @classmethod
    def of_container(cls, pid: int, container: str) -> HostProcess | None:
        """PID 1 of a container, if it runs on this very machine: its control groups name the container."""
        if pid <= 0 or not hasattr(os, "pidfd_open"):
            return None
        try:
            process = cls(pid)
        except OSError:
            return None
        with suppress(OSError):
            if container in Path(f"/proc/{pid}/cgroup").read_text():
                return process
        process.close()
        return None

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; false if this user may not. A process that has ended counts as signalled."""
        try:
            signal.pidfd_send_signal(self._descriptor, number)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return True

    async def ended(self) -> None:
        """Wait until the process has ended."""
        if self._descriptor < 0:
            return
        if self._ended is None:
            loop = asyncio.get_running_loop()
            self._ended = loop.create_future()
            loop.add_reader(self._descriptor, self._on_end)
        await asyncio.shield(self._ended)

    def close(self) -> None:
        """Let go of the process. Safe to call twice."""
        if self._descriptor >= 0:
            self._on_end()
            os.close(self._descriptor)
            self._descriptor = -1

    def _on_end(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.get_loop().remove_reader(self._descriptor)
            self._ended.set_result(None)
