"""No network unless asked for; the error says how to ask."""

import socket
import threading

from tests.support.docker import gateway_address, owner_of
from tests.support.gateway import Gateway


def greet(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"hello")


def verify(gateway: Gateway) -> None:
    answer = gateway.call("offline", {"host": "192.0.2.1", "port": 80})
    assert (answer.status, answer.code) == (500, "handler-error"), answer.body
    assert "--network egress" in answer.json["detail"]
    answer = gateway.call("offline", {"host": "example.org", "port": 80})
    assert "--network egress" in answer.json["detail"], answer.body

    host = gateway_address(owner_of(gateway.folder), "online")
    with socket.create_server((host, 0)) as listener:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        answer = gateway.call("online", {"host": host, "port": port})
    assert (answer.status, answer.json) == (200, "hello"), answer.body
