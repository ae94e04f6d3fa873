"""A worker: the process that runs the function's calls, one after the other."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager

from . import streams
from .frames import RECEIVE_BYTES, Frame, FrameReader, Kind, encode_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .calls import Caller
    from .line import Line
    from .notes import Notes

MAX_CALL_BYTES = 2 * 10**9


class Connection:
    """Our end of the control connection; a process forked by user code never answers on it."""

    def __init__(self, notes: Notes | None) -> None:
        self._socket = socket.socket(fileno=streams.CONTROL)
        self._notes = notes
        self._line: Line | None = None
        self._told = False  # whether the supervisor knows of the call that runs
        self._pid = os.getpid()
        self._kept = False
        os.register_at_fork(after_in_child=self._close_in_fork)

    def check_owner(self) -> None:
        """End here if this is a child that came back from user code."""
        if os.getpid() != self._pid:
            os._exit(1)

    def send(self, kind: Kind, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame."""
        self._told = True
        self._socket.sendall(encode_frame(kind, 0, header, body))

    def receive(self, size: int) -> bytes:
        """What has come in, at most ``size`` bytes; nothing at the end."""
        return self._socket.recv(size)

    def receive_with_descriptors(self, size: int, descriptors: int) -> tuple[bytes, list[int]]:
        """One message of ``size`` bytes, and the descriptors that came with it; nothing at the end."""
        data, received, _, _ = socket.recv_fds(self._socket, size, descriptors, socket.MSG_CMSG_CLOEXEC)
        return data, received

    @contextmanager
    def kept_in_forks(self) -> Iterator[None]:
        """Let the processes that are forked meanwhile have this end too: they are ours."""
        self._kept = True
        try:
            yield
        finally:
            self._kept = False

    def renew(self) -> None:
        """The descriptor is another connection now, that of this process."""
        self._pid = os.getpid()

    def serve(self, caller: Caller) -> None:
        """Run the calls that come in: from the supervisor, until there is a line to the gateway."""
        reader = FrameReader(MAX_CALL_BYTES)
        while self._line is None:
            data, descriptors = self.receive_with_descriptors(RECEIVE_BYTES, 1)
            if not data:
                return
            for frame in reader.feed(data):
                if frame.kind == Kind.LINE:
                    self._open_line(descriptors.pop(), frame.slot)
                else:
                    self.send(Kind.RESULT, *self._answer(caller, frame))
        for frame in self._line.calls(MAX_CALL_BYTES):
            self._run(caller, frame, self._line)

    def _open_line(self, descriptor: int, slot: int) -> None:
        from .calls import cpu_seconds
        from .line import Line

        if self._notes is not None:  # without, nobody offers us a line
            self._line = Line(descriptor, slot, self._notes, cpu_seconds())

    def _run(self, caller: Caller, frame: Frame, line: Line) -> None:
        line.begin()
        self._told = False
        header, body = self._answer(caller, frame)
        if self._told or not line.plain(header) or not line.send(header, body):
            self.send(Kind.RESULT, header, body)
        line.end(header["cpu_total"])

    def _answer(self, caller: Caller, frame: Frame) -> tuple[dict[str, Any], bytes]:
        if frame.header.get("proof"):
            from .proof import prove

            return prove(frame.body.decode(), caller.failures, self.check_owner), b""
        return caller.call(frame.header, frame.body, self)

    def _close_in_fork(self) -> None:
        if not self._kept:
            self._socket.close()
            if self._line is not None:
                self._line.close()
