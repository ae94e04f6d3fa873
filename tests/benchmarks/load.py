"""A load that costs little itself: connections kept alive on one epoll, each with one call at a time.

``python -m tests.benchmarks.load URL TOKEN CONNECTIONS SECONDS``, the body on stdin; prints calls a second.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from urllib.parse import urlsplit

WARM_SECONDS = 0.5


def run(url: str, token: str, body: bytes, connections: int, seconds: float) -> float:
    """Calls answered with 200 a second; any other answer ends the run."""
    address = urlsplit(url)
    request = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    poll = select.epoll()
    peers: dict[int, Peer] = {}
    for _ in range(connections):
        peer = Peer(socket.create_connection((str(address.hostname), address.port)), request)
        peers[peer.connection.fileno()] = peer
        poll.register(peer.connection, select.EPOLLIN)
        peer.connection.sendall(request)
    counted, begun = 0, time.perf_counter() + WARM_SECONDS
    while (now := time.perf_counter()) < begun + seconds:
        for descriptor, _ in poll.poll(0.1):
            counted += peers[descriptor].receive() and now >= begun
    return counted / seconds


class Peer:
    """One connection."""

    def __init__(self, connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self._request = request
        self._received = b""

    def receive(self) -> bool:
        """Take in what has come; whether an answer is complete, and the next request sent."""
        piece = self.connection.recv(1 << 18)
        if not piece:
            raise SystemExit("the server has hung up")
        self._received += piece
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(self._received.decode(errors="replace"))
        self._received = b""
        self.connection.sendall(self._request)
        return True


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    _, url, token, connections, seconds = sys.argv
    print(run(url, token, sys.stdin.buffer.read(), int(connections), float(seconds)))  # noqa: T201
