"""Starting a gateway in the background; it outlives the kernel or shell that did."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from jupyter_faas.model.connection import data_dir
from jupyter_faas.model.errors import GatewayUnavailable

__all__ = ["gateway_command", "log_file", "start_gateway"]

Found = TypeVar("Found")

START_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.05
RESTART_SECONDS: Final = 2.0
LOG_LINES: Final = 15
ANOTHER_RUNS: Final = os.EX_TEMPFAIL  # 75: another gateway holds the lock


def gateway_command(*arguments: str, module: str = "jupyter_faas.gateway") -> list[str]:
    """The command line that runs the gateway, or one of its modules, in this Python.

    ``-P`` keeps the current folder off the module path: a notebook's folder may hold a ``queue.py``.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def start_gateway(command: Sequence[str], find: Callable[[], Found | None]) -> Found:
    """Run ``command``, a gateway's, in the background and wait until ``find`` finds one.

    Two that start at once are no trouble: the gateway takes a lock, and the loser's starter waits for the
    winner. Raises ``GatewayUnavailable`` with the end of the gateway's log if it fails or takes over 20 s.
    """
    return _Start(log_file(), command).wait(find)


def log_file() -> Path:
    """Where a gateway in the background writes its log."""
    return data_dir() / "gateway.log"


class _Start:
    """One attempt to have a gateway, which may be another starter's in the end."""

    def __init__(self, log_file: Path, command: Sequence[str]) -> None:
        self._log_file = log_file
        self._command = command
        self._deadline = time.monotonic() + START_SECONDS
        self._process = self._spawn()

    def wait(self, find: Callable[[], Found | None]) -> Found:
        while time.monotonic() < self._deadline:
            if (found := find()) is not None:
                return found
            self._check_process()
            time.sleep(POLL_SECONDS)
        self._process.terminate()
        raise GatewayUnavailable(
            f"The gateway did not answer within {START_SECONDS:.0f} s of its start. {self._log_end()}"
        )

    def _check_process(self) -> None:
        status = self._process.poll()
        if status is None:
            return
        if status != ANOTHER_RUNS:
            raise GatewayUnavailable(
                f"The gateway ended with status {status} as it started. {self._log_end()}"
            )
        # The other one is either coming up, and found by the next look, or going down, and must be replaced.
        if time.monotonic() - self._spawned > RESTART_SECONDS:
            self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        folder = self._log_file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spawned = time.monotonic()
        with open(os.open(self._log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:  # noqa: PTH123
            self._log_start = log.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, "FAAS_DATA_DIR": str(folder)},
                start_new_session=True,
            )
        # Whoever starts a process must also wait for it, or it stays in the table after its end.
        threading.Thread(target=process.wait, name="faas-gateway-reaper", daemon=True).start()
        return process

    def _log_end(self) -> str:
        with self._log_file.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read(1_000_000).decode("utf-8", "replace").splitlines()
        if not lines:
            return f"Its log, {self._log_file}, is empty."
        return "\n".join([f"The end of its log, {self._log_file}:", *lines[-LOG_LINES:]])
