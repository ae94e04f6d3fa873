"""The connection to the gateway: made as ``FAAS_LINK`` says."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from contextlib import contextmanager

from .frames import PREFIX, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHENTICATION_SECONDS = 5
MAX_AUTH_HEADER_BYTES = 4096


def connect(address: str, secret_sha256: str) -> socket.socket:
    """Connect to ``unix:PATH``, or wait on ``tcp:PORT`` for the one who knows the secret."""
    scheme, _, place = address.partition(":")
    if scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(place)
        return connection
    if scheme == "tcp":
        return _await_gateway(int(place), secret_sha256)
    raise ValueError(f"FAAS_LINK={address} is neither unix:PATH nor tcp:PORT")


def _await_gateway(port: int, secret_sha256: str) -> socket.socket:
    with socket.create_server(("", port), backlog=8) as listener, _signals() as signals:
        while True:
            # A signal that comes just before accept() would only be noticed after it: wait for both.
            select.select([listener.fileno(), signals], [], [])
            connection, _ = listener.accept()
            if _authenticated(connection, secret_sha256):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            connection.close()


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor that can be read from when a signal has come, which its handler then answers."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)


def _authenticated(connection: socket.socket, secret_sha256: str) -> bool:
    """Whether the first frame holds the secret.

    A child reads it, so that the secret never is in the memory that workers are forked with (nor OpenSSL,
    which it takes to hash it).
    """
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(AUTHENTICATION_SECONDS)
        known = False
        try:
            known = _knows_secret(connection, secret_sha256)
        finally:
            os._exit(0 if known else 1)
    return os.waitpid(child, 0)[1] == 0


def _knows_secret(connection: socket.socket, secret_sha256: str) -> bool:
    """Read the first frame, and nothing after it."""
    from hashlib import sha256
    from hmac import compare_digest

    kind, _, header_length, body_length = PREFIX.unpack(_exactly(connection, PREFIX.size))
    if kind != Kind.AUTH or header_length > MAX_AUTH_HEADER_BYTES or body_length:
        return False
    secret = json.loads(_exactly(connection, header_length))["secret"]
    return compare_digest(sha256(str(secret).encode()).hexdigest(), secret_sha256.lower())


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the connection was closed")
        data += part
    return data
