"""Frames, as in ``jupyter_faas/model/wire.py``, with the standard library alone.

The same format is spoken on the link to the gateway and on the socket pair to each worker. What a worker
sends is user-controlled, so bounds are checked before a frame is buffered.
"""

from __future__ import annotations

import json
import socket
import struct
from collections import deque
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

PROTOCOL_VERSION = 2
PREFIX = struct.Struct(">BHII")
MAX_HEADER_BYTES = 256 * 1024
RECEIVE_BYTES = 64 * 1024  # more than this would be a memory mapping of its own for each read
MAX_BUFFERS = 64  # per sendmsg; the kernel takes up to IOV_MAX (1024)
MAX_DESCRIPTORS = 4  # per message that has any; the gateway sends one


class Kind(IntEnum):
    """What a frame says; ARCHITECTURE.md lists the header of each."""

    AUTH = 5
    INIT = 1
    CALL = 2
    KILL = 3
    STOP = 4
    LINE = 6
    PREPARE = 8
    HELLO = 16
    READY = 17
    FAILED = 18
    LOG = 19
    RESULT = 20
    CHUNK = 21
    PREPARED = 24
    TEMPLATE = 32
    FORKED = 33
    PROGRESS = 34


class FrameError(ValueError):
    """The peer sent something that is no frame, or one over the bounds."""


class Frame:
    """One message; its header is only read when somebody asks for it."""

    __slots__ = ("_header", "body", "encoded_header", "kind", "slot")

    def __init__(self, kind: Kind, slot: int, encoded_header: bytes, body: bytes) -> None:
        self.kind = kind
        self.slot = slot
        self.encoded_header = encoded_header
        self.body = body
        self._header: dict[str, Any] | None = None

    @property
    def header(self) -> dict[str, Any]:
        """The header; raises ``FrameError`` if it is no JSON object."""
        if self._header is None:
            self._header = _header(self.encoded_header)
        return self._header


def encode_head(kind: int, slot: int, header: dict[str, Any] | None, body_length: int) -> bytes:
    """Prefix and header of a frame whose body follows.

    Lone surrogates (undecodable file names in messages) become ``?``: the header has to be proper UTF-8.
    """
    encoded = _ENCODER.encode(header).encode("utf-8", "replace") if header else b"{}"
    return PREFIX.pack(kind, slot, len(encoded), body_length) + encoded


def encode_frame(kind: int, slot: int = 0, header: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    return encode_head(kind, slot, header, len(body)) + body


class FrameReader:
    """Turns received bytes into frames, refusing bodies over ``max_body_bytes``."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames completed by ``data``; raises ``FrameError`` and is unusable afterwards."""
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            kind, slot, header_length, body_length = PREFIX.unpack_from(self._buffer)
            if header_length > MAX_HEADER_BYTES or body_length > self._max_body_bytes:
                raise FrameError(
                    f"a frame with a header of {header_length} and a body of {body_length} bytes"
                )
            header_end = PREFIX.size + header_length
            end = header_end + body_length
            if len(self._buffer) < end:
                return
            header = bytes(self._buffer[PREFIX.size : header_end])
            body = bytes(memoryview(self._buffer)[header_end:end])
            del self._buffer[:end]
            yield Frame(_kind(kind), slot, header, body)


class Channel:
    """Frames in both directions over a non-blocking socket."""

    def __init__(self, connection: socket.socket, max_body_bytes: int) -> None:
        connection.setblocking(False)
        self.ended = False
        self.quiet = False  # whether there was nothing to receive the last time
        self.awaited = False  # the loop's note that it waits until the peer takes more
        self._connection = connection
        self._reader = FrameReader(max_body_bytes)
        self._unsent: deque[memoryview] = deque()

    @property
    def unsent(self) -> bool:
        """Whether bytes wait until the peer takes them."""
        return bool(self._unsent)

    @property
    def connection(self) -> socket.socket:
        """The socket, for another channel to go on with."""
        return self._connection

    def fileno(self) -> int:
        """The descriptor to select on."""
        return self._connection.fileno()

    def send(
        self, kind: Kind, slot: int = 0, header: dict[str, Any] | None = None, body: bytes = b""
    ) -> None:
        """Queue a frame and send what the peer takes now."""
        self._unsent.append(memoryview(encode_head(kind, slot, header, len(body))))
        if body:
            self._unsent.append(memoryview(body))
        self.flush()

    def forward(self, frame: Frame) -> None:
        """Send a frame that came from elsewhere, its header as it came."""
        prefix = PREFIX.pack(frame.kind, frame.slot, len(frame.encoded_header), len(frame.body))
        self._unsent.append(memoryview(prefix + frame.encoded_header))
        if frame.body:
            self._unsent.append(memoryview(frame.body))
        self.flush()

    def flush(self) -> None:
        """Send what the peer takes now; a peer that is gone shows in ``ended``."""
        while self._unsent and not self.ended:
            try:
                sent = self._connection.sendmsg(
                    [self._unsent[i] for i in range(min(len(self._unsent), MAX_BUFFERS))]
                )
            except BlockingIOError:
                return
            except OSError:
                self.ended = True
                return
            while self._unsent and sent >= len(self._unsent[0]):
                sent -= len(self._unsent.popleft())
            if sent:
                self._unsent[0] = self._unsent[0][sent:]

    def send_descriptors(self, data: bytes, descriptors: list[int]) -> None:
        """Send a few bytes that aren't a frame, with copies of these descriptors; raises ``OSError``."""
        socket.send_fds(self._connection, [data], descriptors)

    def receive(self) -> list[Frame]:
        """The frames that have come in; ``ended`` is set at the end of the stream."""
        self.quiet = False
        try:
            data = self._connection.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self.quiet = True
            return []
        except OSError:
            data = b""
        self.ended = self.ended or not data
        return list(self._reader.feed(data))

    def receive_with_descriptors(self) -> tuple[list[Frame], list[int]]:
        """The same, and the descriptors that came along."""
        self.quiet = False
        try:
            data, descriptors, _, _ = socket.recv_fds(
                self._connection, RECEIVE_BYTES, MAX_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            self.quiet = True
            return [], []
        except OSError:
            data, descriptors = b"", []
        self.ended = self.ended or not data
        return list(self._reader.feed(data)), descriptors

    def close(self) -> None:
        """Close the socket."""
        self.ended = True
        self._connection.close()


def _kind(number: int) -> Kind:
    kind = _KINDS.get(number)
    if kind is None:
        raise FrameError(f"a frame of kind {number}")
    return kind


def _header(encoded: bytes) -> dict[str, Any]:
    try:
        parsed = _DECODER.decode(encoded.decode())
    except (ValueError, RecursionError) as error:
        raise FrameError(f"an unreadable frame: {error}") from error
    if not isinstance(parsed, dict):
        raise FrameError("a frame whose header is no JSON object")
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if abs(value) != float("inf") else _refuse(number)


_KINDS = {int(kind): kind for kind in Kind}
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
