"""The gateway's entrances: started, given connections, replaced when they die."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tornado.netutil import add_accept_handler

from jupyter_faas.gateway.http.server import Server
from jupyter_faas.gateway.service.service import Service
from jupyter_faas.gateway.sharing.channel import Channel, Kind, Message
from jupyter_faas.gateway.sharing.descriptors import Passage
from jupyter_faas.gateway.sharing.desk import Desk
from jupyter_faas.gateway.sharing.page import SharedBudget, SharedPage

__all__ = ["Entrances"]

log = logging.getLogger(__name__)

START_SECONDS: Final = 5.0
"""How long the first connections wait for entrances; then the gateway serves them."""
QUIT_SECONDS: Final = 5.0
"""How long entrances may write what is to be written when the gateway stops."""
SOUND_SECONDS: Final = 30.0
"""An entrance that has run for so long is replaced at once; one that hasn't, after a pause."""
PING_SECONDS: Final = 1.0
UNANSWERED_ASIDE: Final = 2
"""After so many unanswered pings in a row an entrance gets no more connections until it answers."""
UNANSWERED_HUNG: Final = 10
"""After so many it is ended, and another one started. Entrances never work for so long without a break."""
FIRST_PAUSE_SECONDS: Final = 1.0
MOST_PAUSE_SECONDS: Final = 60.0


class Entrances(Collector):
    """``number`` processes that take calls for ``service``, beside the gateway's own.

    Connections go to all of them in turn, and where an entrance doesn't take one, to ``server``, the
    gateway's own. That gets the requests, too, that an entrance passes on. ``settings`` is what an entrance
    has to know.
    """

    def __init__(
        self,
        number: int,
        service: Service,
        server: Server,
        page: SharedPage,
        budget: SharedBudget,
        settings: dict[str, Any],
    ) -> None:
        self.replaced = 0
        """How many have died and were replaced."""
        self._service = service
        self._server = server
        self._page = page
        self._budget = budget
        self._settings = settings
        self._entrances = [_Entrance(place, page, self.serve) for place in range(1, number + 1)]
        self._turn = 0
        self._stop_accepting: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def running(self) -> int:
        """How many take connections."""
        return sum(one.ready.is_set() for one in self._entrances)

    def collect(self) -> Iterator[Metric]:
        """See ``prometheus_client``."""
        yield GaugeMetricFamily(
            "faas_entrances", "Processes beside the gateway's own that take calls.", value=self.running
        )
        yield CounterMetricFamily(
            "faas_entrances_replaced", "Processes that took calls and have died.", value=self.replaced
        )

    async def start(self) -> None:
        """Start all, and wait until they are ready, but not for long."""
        self._tasks = [asyncio.create_task(self._keep(one)) for one in self._entrances]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await asyncio.gather(*(one.ready.wait() for one in self._entrances))

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Take connections from these sockets."""
        self._stop_accepting = [add_accept_handler(one, self.give) for one in sockets]

    def stop_listening(self) -> None:
        """Take no more connections; calls go on."""
        for stop in self._stop_accepting:
            stop()
        self._stop_accepting = []

    def give(self, connection: socket.socket, address: Any) -> None:
        """Hand a connection to the next process, or to the gateway's own if that doesn't take it."""
        self._turn = (self._turn + 1) % (len(self._entrances) + 1)
        if self._turn == 0 or not self._entrances[self._turn - 1].give(connection):
            self.serve(connection, address)

    def serve(self, connection: socket.socket, address: Any = None) -> None:
        """Serve a connection here: it is our turn, or an entrance passes a request on."""
        self._server.serve(connection, address)

    async def close(self) -> None:
        """Let entrances write what is to be written, and end them."""
        self.stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(one.quit() for one in self._entrances))

    async def _keep(self, entrance: _Entrance) -> None:
        """Run an entrance, and another one when it has died."""
        loop = asyncio.get_running_loop()
        pause_seconds = 0.0
        while True:
            begun = loop.time()
            try:
                status = await entrance.run(self._service, self._budget, self._settings)
            except OSError as error:
                log.error("Entrance %d can't be started: %s", entrance.place, error)
                status = None
            finally:
                self._page.forget(entrance.place)
            self.replaced += 1
            if loop.time() - begun >= SOUND_SECONDS:
                pause_seconds = 0.0
            log.error("Entrance %d has ended (status %s); starting another", entrance.place, status)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(MOST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, 2 * pause_seconds))


class _Entrance:
    """One place among the entrances, and the process that has it now."""

    def __init__(self, place: int, page: SharedPage, serve: Callable[[socket.socket], None]) -> None:
        self.place = place
        self.ready = asyncio.Event()
        self._descriptor = page.descriptor
        self._serve = serve
        self._process: Process | None = None
        self._channel: Channel | None = None
        self._passage: Passage | None = None
        self._ponged = False

    def give(self, connection: socket.socket) -> bool:
        """Hand it a connection; false if it doesn't take it now."""
        return self.ready.is_set() and self._passage is not None and self._passage.give(connection)

    async def run(self, service: Service, budget: SharedBudget, settings: dict[str, Any]) -> int | None:
        """Start a process, and serve it until its end; its exit status. Raises ``OSError``."""
        desk = Desk(service, budget)
        lost = asyncio.Event()

        def take(message: Message) -> None:
            if message.kind is Kind.READY:
                self.ready.set()
                log.info("Entrance %d takes calls", self.place)
            elif message.kind is Kind.PONG:
                self._ponged = True
            else:
                desk.take(message)

        talk, their_talk = socket.socketpair()
        give, their_give = socket.socketpair()
        try:
            self._process = await self._spawn(their_talk, their_give)
        finally:
            their_talk.close()
            their_give.close()
        self._channel = desk.channel = await Channel.open(talk, take, lost.set)
        self._passage = Passage(give, self._serve)
        self._channel.send(Kind.OPEN, self.place, settings)
        watch = asyncio.create_task(self._watch(self._channel))
        try:
            await lost.wait()
        finally:
            watch.cancel()
            self.ready.clear()
            desk.close()
        self._passage.close()
        self._end()
        return await self._process.wait()

    async def _watch(self, channel: Channel) -> None:
        """End the process when it hangs: nobody else would notice, and callers would wait for ever.

        Pings are counted and not the time, in which this process may have been the one that stood still.
        """
        await self.ready.wait()
        unanswered = 0
        while unanswered < UNANSWERED_HUNG:
            self._ponged = False
            channel.send(Kind.PING)
            await asyncio.sleep(PING_SECONDS)
            unanswered = 0 if self._ponged else unanswered + 1
            if unanswered == 0:
                self.ready.set()
            elif unanswered == UNANSWERED_ASIDE:
                self.ready.clear()
                log.warning("Entrance %d doesn't answer: it gets no more connections", self.place)
        log.error("Entrance %d hangs: ending it", self.place)
        self._end()

    async def quit(self) -> None:
        """Ask the process to end, and see to it that it does."""
        if self._process is None or self._channel is None:
            return
        self._channel.send(Kind.QUIT)
        try:
            async with asyncio.timeout(QUIT_SECONDS):
                await self._process.wait()
        except TimeoutError:
            log.warning("Entrance %d doesn't end by itself", self.place)
            self._end()
            await self._process.wait()
        self._channel.close()

    async def _spawn(self, talk: socket.socket, give: socket.socket) -> Process:
        descriptors = [talk.fileno(), give.fileno(), self._descriptor]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "jupyter_faas.gateway.entrance",
            *map(str, descriptors),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=descriptors,
        )

    def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
