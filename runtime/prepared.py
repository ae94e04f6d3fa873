"""The process that waits for the function of a prewarmed sandbox, as the supervisor holds it."""

from __future__ import annotations

import os
import signal
import socket

from . import reports
from .frames import Channel, FrameError, Kind
from .settings import Settings
from .workers import fork_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .supervision import Supervision
    from .workers import Worker

REPORT_BYTES = 64 * 1024


class Prepared:
    """Forked on ``PREPARE``; tells the gateway ``PREPARED`` once it waits.

    If its imports fail, the gateway hears why, and another process waits without them.
    """

    def __init__(
        self, supervision: Supervision, root: str, environ: Mapping[str, str], header: dict[str, Any]
    ) -> None:
        """Raises ``OSError`` if no process can be had."""
        self._supervision = supervision
        values = header.get("environment", {})
        init = {"result_bytes": REPORT_BYTES, "log_bytes": 0, "environment": values}
        self._settings = Settings(root, init, environ, None, supervision.notes)
        self._worker: Worker | None = None
        self._told = False
        self._without = False  # whether the next has nothing to import
        self._begin([str(name) for name in header.get("imports", ())])

    def take(self, settings: Settings) -> tuple[Worker, socket.socket] | None:
        """The process as the first of the instance, with our end of the connection to its template to be.

        ``None`` if there is none any more.
        """
        worker, self._worker = self._worker, None
        if worker is None:
            return None
        self._supervision.loop.forget(worker.channel.fileno())
        worker.channel.send(Kind.INIT, 0, settings.told)
        worker.channel = Channel(worker.channel.connection, settings.result_bytes)
        return worker, self._control

    def _begin(self, imports: list[str]) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            try:
                self._worker = fork_process(self._settings, theirs, imports)
            except OSError:
                self._control.close()
                raise
        self._supervision.watch(self._worker, self._receive)

    def _receive(self) -> None:
        worker = self._worker
        if worker is None:
            return
        try:
            for frame in worker.channel.receive():
                if frame.kind != Kind.PREPARED:
                    raise FrameError(f"a frame of kind {frame.kind} from a process that waits")
                self._tell(frame.header)
        except FrameError:
            worker.channel.ended = True
        if worker.channel.ended:
            self._lost(worker)

    def _tell(self, said: dict[str, Any]) -> None:
        if not self._told:
            self._told = True
            header = {name: reports.text_in(said, name) for name in ("failed", "reason")}
            self._supervision.link.send(Kind.PREPARED, 0, header)

    def _lost(self, worker: Worker) -> None:
        self._supervision.loop.forget(worker.channel.fileno())
        if worker.pid in self._supervision.reaper.watched:
            os.kill(worker.pid, signal.SIGKILL)
        worker.close()
        self._control.close()
        self._worker = None
        self._tell({"reason": "the process ended while it imported"})
        if not self._without:
            self._without = True
            self._begin([])
