"""What happens on the wire: kept connections, servers that break off, answers that come from elsewhere."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.transport import Transport
from jupyter_faas.model.errors import (
    FaasError,
    Forbidden,
    GatewayUnavailable,
    InternalError,
    PayloadTooLarge,
    Saturated,
    Unauthenticated,
)
from tests.support.waiting import eventually
from tests.unit.client.gateway_double import TOKEN, GatewayDouble

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Runs a function for each connection to a port, and gives the address."""
    with contextlib.ExitStack() as stack:

        def start(answer: Callable[[socket.socket], None]) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                with contextlib.suppress(OSError):  # the end of the test
                    while True:
                        connection, _ = listener.accept()
                        with connection:
                            answer(connection)

            threading.Thread(target=accept, daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield start


def says(content: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return answer


def http_answer(status: str, body: bytes = b"", content_type: str = "text/html") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_connection_is_used_again(double: GatewayDouble, client: GatewayClient) -> None:
    for _ in range(5):
        client.functions()
    assert double.connections == 1


def test_threads_don_t_get_in_each_others_way(double: GatewayDouble, client: GatewayClient) -> None:
    double.add_function("echo")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: client.invoke("echo", {"x": n}), range(100)))
    assert [result["arguments"]["x"] for result in results] == list(range(100))
    assert double.connections <= 8


def test_a_connection_that_was_closed_is_not_used(double: GatewayDouble, client: GatewayClient) -> None:
    double.add_function("echo")
    double.closes_silently = True
    before = threading.active_count()
    for n in range(5):
        assert client.invoke("echo", {"x": n})["arguments"] == {"x": n}
        eventually(lambda: threading.active_count() <= before, what="the double closes the connection")
    assert len(double.requests) == double.connections == 5


class ClosesUnderTheSecond:
    """Answers the first request, and closes the connection only as the second one arrives."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, connection: socket.socket) -> None:
        first = self.requests == 0
        while connection.recv(65536):
            self.requests += 1
            if self.requests == 2 and not first:
                raise AssertionError
            if self.requests == 2:
                return
            connection.sendall(http_answer("200 OK", b"{}", "application/json"))


def test_a_request_that_can_be_repeated_is_repeated_once(serve: Serve) -> None:
    server = ClosesUnderTheSecond()
    transport = Transport(serve(server))
    for _ in range(2):
        assert transport.send("GET", "/", timeout_seconds=5).body == b"{}"
    transport.close()
    assert server.requests == 3


def test_a_call_is_never_made_twice(serve: Serve) -> None:
    server = ClosesUnderTheSecond()
    transport = Transport(serve(server))
    transport.send("POST", "/", timeout_seconds=5)
    with pytest.raises(GatewayUnavailable, match="may or may not have been done"):
        transport.send("POST", "/", timeout_seconds=5)
    assert server.requests == 2


def test_a_new_connection_that_breaks_is_not_tried_again(serve: Serve) -> None:
    count = []

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        count.append(1)

    with pytest.raises(GatewayUnavailable, match="without an answer"):
        Transport(serve(answer)).send("GET", "/", timeout_seconds=5)
    assert count == [1]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(GatewayUnavailable, match=f"Nothing listens at {url}.*jupyter faas serve"):
        GatewayClient(Connection(url)).functions()


def test_no_such_host() -> None:
    with pytest.raises(GatewayUnavailable, match=r"http://faas\.invalid"):
        GatewayClient(Connection("http://faas.invalid")).functions()


def test_silence(serve: Serve) -> None:
    ended = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        ended.wait(30)

    url = serve(say_nothing)
    with pytest.raises(GatewayUnavailable, match="did not answer within 100 ms"):
        Transport(url).send("GET", "/", timeout_seconds=0.1)
    ended.set()


def test_what_speaks_no_http(serve: Serve) -> None:
    with pytest.raises(GatewayUnavailable):
        GatewayClient(Connection(serve(says(b"SSH-2.0-OpenSSH_9\r\n")))).functions()


def test_an_answer_that_breaks_off(serve: Serve) -> None:
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with pytest.raises(GatewayUnavailable):
        GatewayClient(Connection(serve(says(broken)))).functions()


def test_a_body_that_is_refused_before_it_was_read(serve: Serve) -> None:
    problem = b'{"code": "payload-too-large", "detail": "over the cap", "cap_bytes": 10}'

    def refuse(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(http_answer("413 Too Large", problem, "application/problem+json"))

    with pytest.raises(PayloadTooLarge) as refused:
        GatewayClient(Connection(serve(refuse))).invoke("f", {"x": "y" * 30_000_000})
    assert refused.value.figures == {"cap_bytes": 10}


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (http_answer("302 Found"), GatewayUnavailable, "is no jupyter-faas gateway"),
        (http_answer("200 OK", b"<title>Log in</title>"), GatewayUnavailable, "Log in"),
        (http_answer("200 OK", b"{", "application/json"), GatewayUnavailable, "is no jupyter-faas gateway"),
        (http_answer("401 No", b"<h1>no</h1>"), Unauthenticated, "without saying why.*<h1>no</h1>"),
        (http_answer("403 No"), Forbidden, "status 403"),
        (http_answer("429 Slow"), Saturated, "proxy"),
        (http_answer("500 Oops", b"[1]", "application/json"), InternalError, r"\[1\]"),
        (http_answer("502 Bad", b"{", "application/problem+json"), GatewayUnavailable, "status 502"),
        (http_answer("418 Teapot"), GatewayUnavailable, "status 418"),
        (
            http_answer(
                "500 Oops", b'{"code": "not-yet-invented", "detail": "new"}', "application/problem+json"
            ),
            InternalError,
            "new",
        ),
    ],
)
def test_answers_of_others(serve: Serve, answer: bytes, error: type[FaasError], text: str) -> None:
    with pytest.raises(error, match=text):
        GatewayClient(Connection(serve(says(answer)))).functions()


def test_a_gateway_may_live_under_a_path(serve: Serve) -> None:
    seen = []

    def answer(connection: socket.socket) -> None:
        seen.append(connection.recv(65536).decode())
        connection.sendall(http_answer("200 OK", b'{"functions": []}', "application/json"))

    client = GatewayClient(Connection(serve(answer) + "/user/ada/faas", TOKEN))
    assert client.functions() == []
    assert seen[0].startswith("GET /user/ada/faas/api/v1/functions HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n" in seen[0]


def test_closing_closes(double: GatewayDouble, client: GatewayClient) -> None:
    before = threading.active_count()
    client.functions()
    client.close()
    eventually(lambda: threading.active_count() <= before, what="the double's end of the connection ends")
    assert client.functions() == []
