"""One worker process as the supervisor holds it."""

from __future__ import annotations

import os
import socket
import sys
import time

from . import worker
from .capture import Stream
from .frames import Channel
from .loading import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Settings:
    """What the workers of an instance have in common; they get it by being forked."""

    def __init__(
        self, root: str, init: dict[str, Any], environ: Mapping[str, str], memory_cap: int | None
    ) -> None:
        self.root = root
        self.environment = {str(name): str(value) for name, value in init.get("environment", {}).items()}
        self.result_bytes = int(init["result_bytes"])
        self.log_bytes = int(init["log_bytes"])
        self.network_denied = init.get("network", "none") == "none"
        self.scratch = environ.get("FAAS_SCRATCH") or "/tmp"  # noqa: S108 - the container's own
        self.open_files = int(environ.get("FAAS_NOFILE") or 0)
        self.log_level = environ.get("FAAS_LOG_LEVEL") or "INFO"
        self.memory_cap = memory_cap
        self.pids_cap = _declared_pids(root)
        self.supervisor = os.getpid()


class Worker:
    """A forked worker: its process, its control channel and its three output pipes."""

    def __init__(self, settings: Settings) -> None:
        self.started = time.monotonic()
        ours, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(3)]
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _become_worker(settings, theirs, [writer for _, writer in pipes])
        except OSError:
            ours.close()
            for reader, _ in pipes:
                os.close(reader)
            raise
        finally:
            theirs.close()
            for _, writer in pipes:
                os.close(writer)
        names = ("stdout", "stderr", "")
        self.streams = [Stream(names[i], pipes[i][0]) for i in range(3)]
        self.channel = Channel(ours, settings.result_bytes)

    def close(self) -> None:
        """Close our ends; the process has ended before."""
        self.channel.close()
        for stream in self.streams:
            os.close(stream.descriptor)


def _declared_pids(root: str) -> int | None:
    """The author's cap; the engine's is a little higher, for the supervisor's sake."""
    try:
        caps: dict[str, Any] = read_manifest(root).get("caps", {})
    except (OSError, ValueError):
        return None  # the workers say it better
    return caps.get("pids")


def _become_worker(settings: Settings, control: socket.socket, outputs: list[int]) -> None:
    """The child's whole life; never returns."""
    try:
        worker.main(settings, control, outputs)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)
