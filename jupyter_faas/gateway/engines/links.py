"""The two ways a supervisor and the gateway get connected: a unix socket in a directory, or TCP."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from jupyter_faas.model.errors import EngineUnavailable
from jupyter_faas.model.wire import Kind, encode_frame

__all__ = ["SocketDirectory", "connect_with_secret", "new_secret"]

SOCKET_NAME = "gateway.sock"
FUNCTION_NAME = "function"
PATH_LIMIT = 100
"""``sun_path`` holds 107 bytes and a terminator; longer ones are bound through the directory's descriptor."""
CONNECT_RETRY_SECONDS = 0.01
CONNECT_RETRY_LIMIT_SECONDS = 0.1


class SocketDirectory:
    """A directory with a listening socket for exactly one connection.

    Only users who may enter the directory's parent can reach the socket, so the parent has to be private;
    the socket itself is open to the sandbox's user, who sees the directory alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    @property
    def socket_path(self) -> Path:
        """Where the supervisor connects, as this process sees it."""
        return self.path / SOCKET_NAME

    def listen(self) -> None:
        """Make the directory and listen in it; raises ``EngineUnavailable`` if that can't be done."""
        try:
            self.path.mkdir(mode=0o755)
            self.path.chmod(0o755)  # whatever the umask is
            _bind(self._listener, self.socket_path)
            self.socket_path.chmod(0o666)
            self._listener.listen(1)
        except OSError as error:
            raise EngineUnavailable(
                f"The gateway can't listen in {self.path}: {error.strerror}. Check its space and "
                "permissions, or set the gateway's data_dir to another folder."
            ) from error

    @property
    def function_path(self) -> Path:
        """Where a prewarmed sandbox gets its function's files; there only after ``make_function_path``."""
        return self.path / FUNCTION_NAME

    def make_function_path(self) -> None:
        """Make that folder, empty; ``remove`` removes it."""
        self.function_path.mkdir(mode=0o755)
        self.function_path.chmod(0o755)

    async def accept(self) -> socket.socket:
        """The one connection, non-blocking; the socket's file is gone afterwards."""
        connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
        self.close()
        return connection

    def close(self) -> None:
        """Stop listening; the directory stays, empty, until ``remove``."""
        self._listener.close()
        self.socket_path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop listening and remove the directory. Safe to call twice."""
        with suppress(OSError):
            self.close()
        shutil.rmtree(self.function_path, ignore_errors=True)
        with suppress(OSError):
            self.path.rmdir()


def _bind(listener: socket.socket, path: Path) -> None:
    if len(os.fsencode(path)) <= PATH_LIMIT:
        listener.bind(str(path))
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{directory}/{path.name}")
    finally:
        os.close(directory)


def new_secret() -> tuple[str, str]:
    """A random secret for one instance, and its SHA-256 as the instance gets it."""
    secret = secrets.token_urlsafe(32)
    return secret, hashlib.sha256(secret.encode()).hexdigest()


async def connect_with_secret(host: str, port: int, secret: str) -> socket.socket:
    """Connect to an instance's port at a numeric address, and authenticate; until it is cancelled.

    Returns once the instance has begun to answer: a port that the engine publishes takes connections before
    the instance listens, and closes them. So the first byte of the answer is waited for (it stays unread),
    and a connection that ends instead is tried again.
    """
    pause_seconds = CONNECT_RETRY_SECONDS
    while True:
        connection = await _try_connect(host, port, secret)
        if connection is not None:
            return connection
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, CONNECT_RETRY_LIMIT_SECONDS)


async def _try_connect(host: str, port: int, secret: str) -> socket.socket | None:
    """The connection, or ``None`` if it isn't to be had yet."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    answered = False
    try:
        await loop.sock_connect(connection, (host, port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_sendall(connection, encode_frame(Kind.AUTH, header={"secret": secret}))
        answered = await _has_answered(connection)
    except OSError:  # refused, reset, or no route yet
        return None
    finally:
        if not answered:
            connection.close()
    return connection if answered else None


async def _has_answered(connection: socket.socket) -> bool:
    """Wait until the peer has sent something (true; it isn't read) or has closed (false)."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return bool(connection.recv(1, socket.MSG_PEEK))
