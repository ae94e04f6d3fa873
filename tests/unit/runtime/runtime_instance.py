"""A real instance for tests: its tree as an image has it, its supervisor, and our end of the link."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_faas.model.wire import PROTOCOL_VERSION, Frame, FrameReader, Kind, encode_frame

RUNTIME = Path(__file__).parents[3] / "runtime"
DEADLINE_SECONDS = 15.0
MB = 10**6


def make_root(folder: Path, source: str, **manifest: Any) -> Path:
    """Lay out ``folder`` as ``/opt/faas`` of an image."""
    root = folder / "faas"
    shutil.copytree(RUNTIME, root / "faas_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(RUNTIME / "start.py", root / "start.py")
    (root / "packages").mkdir()
    (root / "function").mkdir()
    (root / "function" / "handler.py").write_text(textwrap.dedent(source))
    entry = {"format": 1, "name": "f", "entry": "f", "python": "3.11", "input_schema": {"type": "object"}}
    (root / "function" / "function.json").write_text(json.dumps({**entry, **manifest}))
    return root


class Instance:
    """A running supervisor and our end of its link."""

    def __init__(self, process: subprocess.Popen[bytes], link: socket.socket, lines: bool = False) -> None:
        self.process = process
        self.link = link
        self.logs: list[dict[str, Any]] = []
        self.dropped = 0
        self.log_bytes = 0
        self.largest_log_body = 0
        self.connections: dict[int, socket.socket] = {}
        """The connections of workers that have their own, by slot."""
        self.direct = 0
        """How many results have come on them."""
        self._gives_lines = lines
        self._reader = FrameReader(64 * MB)
        self._frames: list[Frame] = []

    def send(
        self, kind: Kind, slot: int = 0, header: Mapping[str, Any] | None = None, body: bytes = b""
    ) -> None:
        frame = encode_frame(kind, slot, dict(header or {}), body)
        try:
            own = self.connections.get(slot) if kind == Kind.CALL else None
            (own or self.link).sendall(frame)
        except BrokenPipeError:  # its worker has just ended: the call is for the next one
            self.expect(Kind.READY, slot)
            self.connections[slot].sendall(frame)

    def call(self, slot: int = 0, timeout: float = 30.0, **arguments: Any) -> None:
        header, body = {"id": "c1", "timeout": timeout}, json.dumps(arguments).encode()
        self.send(Kind.CALL, slot, header, body)

    def result(self, slot: int = 0, /, **arguments: Any) -> Frame:
        """Call and wait for the result."""
        self.call(slot, **arguments)
        return self.expect(Kind.RESULT, slot)

    def value(self, **arguments: Any) -> Any:
        """Call and decode the result, which has to be one."""
        frame = self.result(0, **arguments)
        assert frame.header["ok"], frame.header
        return json.loads(frame.body) if frame.body else None

    def failure(self, **arguments: Any) -> dict[str, Any]:
        """Call and give the outcome, which has to be a failure."""
        frame = self.result(0, **arguments)
        assert not frame.header["ok"], frame.body
        assert frame.body == b""
        return frame.header

    def expect(self, kind: Kind, slot: int = 0, within: float = DEADLINE_SECONDS) -> Frame:
        """The next frame other than ``LOG``, which has to be this one; other slots' are kept for later."""
        frame = self.next(slot, within)
        assert frame.kind == kind, frame
        return frame

    def next(self, slot: int = 0, within: float = DEADLINE_SECONDS) -> Frame:
        """The next frame other than ``LOG``, whichever it is."""
        deadline = time.monotonic() + within
        while True:
            for index, frame in enumerate(self._frames):
                if frame.slot == slot:
                    return self._frames.pop(index)
            self._receive(deadline)

    def quiet(self, seconds: float) -> bool:
        """Whether nothing but log comes for a while."""
        try:
            self._receive(time.monotonic() + seconds)
        except TimeoutError:
            return not self._frames
        return not self._frames

    def await_log(self, text: str) -> None:
        """Wait until a log line has this text."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(text in entry["m"] for entry in self.logs):
            self._receive(deadline)

    def lines(self, stream: str) -> list[str]:
        return [entry["m"] for entry in self.logs if entry["s"] == stream]

    def _receive(self, deadline: float) -> None:
        sources = [self.link, *self.connections.values()]
        ready, _, _ = select.select(sources, [], [], max(0.001, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        for slot, line in list(self.connections.items()):
            if line in ready:
                self._receive_from(slot, line)
        if self.link in ready:
            self._receive_from_link()

    def _receive_from(self, slot: int, line: socket.socket) -> None:
        reader, data = FrameReader(64 * MB), b""
        while not data or not (frames := list(reader.feed(data))):
            try:
                data = line.recv(1 << 20)
            except ConnectionResetError:  # it has ended without reading all that it was sent
                data = b""
            if not data:  # of which the supervisor says more
                self.connections.pop(slot).close()
                return
        self.direct += len(frames)
        self._frames += [
            frame._replace(slot=slot, header={**frame.header, "retired": False}) for frame in frames
        ]

    def _give_line(self, slot: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.link, [encode_frame(Kind.LINE, slot)], [theirs.fileno()])
        if slot in self.connections:
            self.connections.pop(slot).close()
        self.connections[slot] = ours

    def _receive_from_link(self) -> None:
        data = self.link.recv(1 << 20)
        if not data:
            raise EOFError("the instance closed the link")
        for frame in self._reader.feed(data):
            if frame.kind == Kind.READY and frame.header.get("line") and self._gives_lines:
                self._give_line(frame.slot)
            if frame.kind == Kind.LOG:
                self.dropped = frame.header["dropped"]
                assert frame.body.endswith(b"\n") or not frame.body
                self.log_bytes += len(frame.body)
                self.largest_log_body = max(self.largest_log_body, len(frame.body))
                self.logs += [json.loads(line) for line in frame.body.splitlines()]
            else:
                self._frames.append(frame)


@contextmanager
def instance(
    source: str,
    *,
    workers: int = 1,
    environ: Mapping[str, str] | None = None,
    manifest: Mapping[str, Any] | None = None,
    ready: bool = True,
    prefix: tuple[str, ...] = (),
    root: Path | None = None,
    open_folder: bool = False,
    lines: bool = True,
    **init: Any,
) -> Iterator[Instance]:
    """Start a function as the process engine does; everything is ended at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = root or make_root(folder, source, **(manifest or {}))
        scratch = folder / "scratch"
        scratch.mkdir()
        if open_folder:  # to the user that ``prefix`` makes of us
            folder.chmod(0o777)
        with socket.socket(socket.AF_UNIX) as listener:
            path = str(folder / "link.sock")
            listener.bind(path)
            if open_folder:
                Path(path).chmod(0o777)
            listener.listen(1)
            listener.settimeout(DEADLINE_SECONDS)
            variables = {
                "PATH": os.environ["PATH"],
                "FAAS_LINK": f"unix:{path}",
                "FAAS_SCRATCH": str(scratch),
                **(environ or {}),
            }
            command = [*prefix, sys.executable, "-I", str(root / "start.py")]
            process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL)
            try:
                link, _ = listener.accept()
                with link:
                    running = Instance(process, link, lines)
                    hello = running.expect(Kind.HELLO)
                    assert hello.header["protocol"] == PROTOCOL_VERSION
                    header = {
                        "protocol": PROTOCOL_VERSION,
                        "environment": {},
                        "workers": workers,
                        "log_bytes": MB,
                        "result_bytes": 10 * MB,
                        "network": "egress",
                    }
                    running.send(Kind.INIT, 0, {**header, **init})
                    for slot in range(workers if ready else 0):
                        running.expect(Kind.READY, slot)
                    yield running
                process.wait(DEADLINE_SECONDS)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()


def await_end(pid: int, within: float = DEADLINE_SECONDS) -> None:
    """Wait until there is no such process."""
    deadline = time.monotonic() + within
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def await_file(path: Path, within: float = DEADLINE_SECONDS) -> str:
    """Wait until the file has contents."""
    deadline = time.monotonic() + within
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.005)
    return path.read_text()


UNSHARE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
