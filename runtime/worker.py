"""A worker: the forked process that imports the function and runs its calls, one after the other."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time

from . import streams, syscalls
from .calls import Caller, cpu_seconds, flush_output, peak_bytes
from .facade import install
from .failures import Failures
from .files import link_files
from .frames import RECEIVE_BYTES, Frame, FrameReader, Kind, encode_frame
from .loading import import_entry, prepare_path, read_manifest
from .outcomes import CallFailed
from .tracebacks import Tracebacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .outcomes import Outcome
    from .workers import Settings

MAX_CALL_BYTES = 2 * 10**9
NICENESS = 5  # the supervisor gets its turn when user code takes all that there is


def main(settings: Settings, control: socket.socket, outputs: list[int]) -> None:
    """Become a worker and run calls until the supervisor kills us."""
    start = time.monotonic()
    _join_supervisor(settings)
    streams.arrange(control.detach(), outputs)
    streams.open_text()
    streams.send_records(settings.log_level)
    _settle(settings)
    if settings.network_denied:
        from .seccomp import deny_network

        deny_network()  # where the kernel refuses, the engine's isolation has to do
    connection = _Connection()
    caller, outcome = _import(settings)
    connection.check_owner()
    flush_output()
    if caller is None:
        connection.send(Kind.FAILED, outcome)
        return
    ready = {"init_seconds": round(time.monotonic() - start, 6), "cpu_total": cpu_seconds()}
    connection.send(Kind.READY, ready)
    connection.serve(caller)


def _import(settings: Settings) -> tuple[Caller | None, Outcome]:
    """The function, ready to be called, or how its import failed."""
    handler = f"{settings.root}/function/handler.py"
    failures = Failures(Tracebacks(handler, []), settings.network_denied, settings.memory_cap)
    try:
        manifest = read_manifest(settings.root)
        tracebacks = Tracebacks(handler, manifest.get("segments", []))
        failures = Failures(tracebacks, settings.network_denied, settings.memory_cap)
        link_files(f"{settings.root}/function", manifest.get("files", ()), settings.scratch)
        prepare_path(settings.root)
        install()
        entry = import_entry(settings.root, manifest["entry"])
        caller = Caller(entry, failures, settings.result_bytes, manifest)
        caller.prepare()
        return caller, {}
    except CallFailed as error:
        return None, error.outcome()
    except BaseException as error:
        return None, failures.outcome("init-error", error, peak_bytes())


class _Connection:
    """The worker's end of the control connection; a process forked by user code never answers on it."""

    def __init__(self) -> None:
        self._socket = socket.socket(fileno=streams.CONTROL)
        self._pid = os.getpid()
        os.register_at_fork(after_in_child=self._socket.close)

    def check_owner(self) -> None:
        """End here if this is a child that came back from user code."""
        if os.getpid() != self._pid:
            os._exit(1)

    def send(self, kind: Kind, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame."""
        self._socket.sendall(encode_frame(kind, 0, header, body))

    def serve(self, caller: Caller) -> None:
        """Run the calls that come in."""
        reader = FrameReader(MAX_CALL_BYTES)
        while True:
            data = self._socket.recv(RECEIVE_BYTES)
            if not data:
                return
            for frame in reader.feed(data):
                header, body = self._answer(caller, frame)
                self.send(Kind.RESULT, header, body)

    def _answer(self, caller: Caller, frame: Frame) -> tuple[dict[str, Any], bytes]:
        if frame.header.get("proof"):
            from .proof import prove

            return prove(frame.body.decode(), caller.failures, self.check_owner), b""
        return caller.call(frame.header, frame.body, self)


def _join_supervisor(settings: Settings) -> None:
    """Signals, parentage and the kernel's view of a process that is fresh from the fork."""
    syscalls.set_dumpable(True)  # the supervisor isn't; without this /proc/self would be closed to us
    syscalls.die_with_parent()
    if os.getppid() != settings.supervisor:
        os._exit(1)  # it ended before we could ask to end with it
    syscalls.adopt_orphans()  # so that all we start stays below us, where the supervisor finds it
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.nice(NICENESS)
    os.setsid()  # signals to the own process group stay here
    _write_if_allowed("/proc/self/oom_score_adj", "1000")  # the kernel shall choose us, not the supervisor
    if settings.open_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (settings.open_files, settings.open_files))


def _settle(settings: Settings) -> None:
    """The working directory and the environment of the function."""
    os.environ["HOME"] = os.environ["TMPDIR"] = settings.scratch
    os.environ.update(settings.environment)
    os.chdir(settings.scratch)
    sys.argv = ["handler.py"]
    sys.dont_write_bytecode = True


def _write_if_allowed(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    except OSError:
        return
