"""A caller who stops reading a stream, at a real HTTP server."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tornado.testing import bind_unused_port

from jupyter_faas.gateway.dispatch.stream import NDJSON, Stream
from jupyter_faas.gateway.handlers.answers import Answer, PacedAnswer, StreamedAnswer
from jupyter_faas.gateway.http.exchange import Exchange
from jupyter_faas.gateway.http.server import Server
from jupyter_faas.model.wire import Frame, Kind

MORE_THAN_BUFFERS_TAKE = 30_000_000


class Request:
    """Answers with more than anyone reads here."""

    def __init__(self, exchange: Exchange, streams: bool, gave_up: asyncio.Event) -> None:
        self.exchange = exchange
        self.streams = streams
        self.gave_up = gave_up

    def begin(self) -> None:
        pass

    def take(self, piece: bytes) -> None:
        pass

    def finish(self) -> None:
        if not self.streams:
            answer = Answer(200, {}, b"x" * MORE_THAN_BUFFERS_TAKE)
            self.paced = PacedAnswer(self.exchange, answer, {}, self.gave_up.set, reader_seconds=0.2)
            return
        stream = Stream(self.start, MORE_THAN_BUFFERS_TAKE)
        stream.feed(Frame(Kind.CHUNK, 0, {"type": NDJSON}, b"x" * MORE_THAN_BUFFERS_TAKE))

    def start(self, stream: Stream) -> None:
        StreamedAnswer(self.exchange, stream, {}, self.gave_up.set, reader_seconds=0.2).end(None, True)

    def leave(self) -> None:
        pass


@pytest.mark.parametrize("streams", [True, False])
def test_who_does_not_read_is_hung_up_on(streams: bool) -> None:
    async def hung_up() -> int:
        gave_up = asyncio.Event()
        listener, port = bind_unused_port()
        server = Server(lambda exchange, _: Request(exchange, streams, gave_up), 30, 30)
        server.listen([listener])
        with socket.create_connection(("127.0.0.1", port)) as reader:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(gave_up.wait(), 10)
            reader.settimeout(10)
            size = await asyncio.to_thread(received, reader)
        await server.close()
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
