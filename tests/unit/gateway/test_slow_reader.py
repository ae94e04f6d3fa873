"""A caller who stops reading a stream, at a real HTTP server."""

from __future__ import annotations

import asyncio
import socket

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from jupyter_faas.gateway.dispatch.stream import NDJSON, Stream
from jupyter_faas.gateway.handlers.answers import StreamedAnswer
from jupyter_faas.gateway.handlers.base import FaasHandler
from jupyter_faas.model.wire import Frame, Kind

MORE_THAN_BUFFERS_TAKE = 30_000_000


class Streaming(FaasHandler):
    """Answers with more than anyone reads here."""

    open_to_all = True

    def initialize(self, gave_up: asyncio.Event) -> None:  # type: ignore[override]
        self.trusted = True
        self.gave_up = gave_up

    def prepare(self) -> None:
        """No token is needed."""

    async def get(self) -> None:
        self._auto_finish = False
        stream = Stream(self.begin)
        stream.cap_bytes = MORE_THAN_BUFFERS_TAKE
        stream.feed(Frame(Kind.CHUNK, 0, {"type": NDJSON}, b"x" * MORE_THAN_BUFFERS_TAKE))
        await self.streamed.end(None)

    def begin(self, stream: Stream) -> None:
        self.streamed = StreamedAnswer(self, stream, self.gave_up.set, reader_seconds=0.2)


def test_who_does_not_read_is_hung_up_on() -> None:
    async def hung_up() -> int:
        gave_up = asyncio.Event()
        listener, port = bind_unused_port()
        server = HTTPServer(Application([("/", Streaming, {"gave_up": gave_up})]))
        server.add_socket(listener)
        with socket.create_connection(("127.0.0.1", port)) as reader:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(gave_up.wait(), 10)
            reader.settimeout(10)
            size = await asyncio.to_thread(received, reader)
        server.stop()
        await server.close_all_connections()
        return size

    assert 0 < asyncio.run(hung_up()) < MORE_THAN_BUFFERS_TAKE


def received(reader: socket.socket) -> int:
    """How much comes until the connection ends."""
    size = 0
    try:
        while piece := reader.recv(1 << 20):
            size += len(piece)
    except ConnectionResetError:
        pass
    return size
