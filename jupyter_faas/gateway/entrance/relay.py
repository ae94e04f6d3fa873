"""Calls as an entrance runs them: checked here, run by the gateway."""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from jupyter_faas.gateway.handlers.budget import PIECE_BYTES, Holding
from jupyter_faas.gateway.service.access import needs_token
from jupyter_faas.gateway.service.calls import PLAINLY, Asked, Result, Stream
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.sharing.channel import Channel, Kind, Message
from jupyter_faas.gateway.sharing.page import SharedPage
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import FaasError, error_of

__all__ = ["Relay", "hold_relayed"]

MAX_KNOWN: Final = 1024
NUMBERS: Final = 2**32

Ended = Callable[[InvocationRecord, Result], None]


@dataclass(frozen=True)
class _Known:
    """What a name and selector mean, as long as nothing of the function changes."""

    published: Published
    public: bool
    """Whether the function's latest version is open to strangers."""
    changes: int


class Relay:
    """Has the gateway find versions and run calls, through ``channel``, which is set before the first.

    What was found is known until the function changes, which the page tells: the gateway notes a change there
    before it tells anybody that it has made it.
    """

    channel: Channel

    def __init__(self, page: SharedPage) -> None:
        self._page = page
        self._known: OrderedDict[tuple[str, str | None], _Known] = OrderedDict()
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._calls: dict[int, _Call] = {}

    def take(self, message: Message) -> None:
        """Take in what the gateway says."""
        if message.kind in (Kind.FOUND, Kind.MISSING):
            asked = self._asked.pop(message.number, None)
            if asked is not None and not asked.done():
                asked.set_result(message)
            return
        if message.kind is Kind.ENDED:
            if call := self._calls.pop(message.number, None):
                call.end(message)
            if len(message.body) > PIECE_BYTES:
                self.channel.send(Kind.HELD, message.number)
        elif call := self._calls.get(message.number):
            call.go_on(message)

    def choose(self, name: str, selector: str, sticky: str | None) -> str:
        """See ``Calls``: calls by an alias don't come here."""
        del name, sticky
        return selector

    def find_now(self, name: str, selector: str | None, trusted: bool) -> Published | None:
        """See ``Calls``."""
        known = self._known.get((name, selector))
        if known is None or known.changes != self._page.changes(name):
            return None
        if not trusted and not known.public:
            raise needs_token()
        self._known.move_to_end((name, selector))
        return known.published

    async def find(self, name: str, selector: str | None, trusted: bool) -> Published:
        """See ``Calls``."""
        changes = self._page.changes(name)  # before asking: what changes meanwhile is asked for again
        number = next(self._numbers) % NUMBERS
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self.channel.send(Kind.FIND, number, {"name": name, "selector": selector, "trusted": trusted})
        message = await asked
        if message.kind is Kind.MISSING:
            raise _error_in(message.header["error"])
        published = Published(pickle.loads(message.body))  # noqa: S301 - the gateway has packed it
        self._known[name, selector] = _Known(published, message.header["public"], changes)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return published

    def begin(
        self,
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Ended,
        asked: Asked = PLAINLY,
    ) -> _Call:
        """See ``Calls``."""
        number = next(self._numbers) % NUMBERS
        record = published.record
        call = _Call(InvocationRecord("", record.function, record.number, 0.0), begun, ended)
        call.withdraw = lambda: self._cancel(number)
        self._calls[number] = call
        header = {"function": record.function, "version": record.number, **arguments.header}
        if accept:
            header["accept"] = accept
        header["asked"] = list(asked)
        self.channel.send(Kind.CALL, number, header, arguments.pieces)
        return call

    def _cancel(self, number: int) -> None:
        if self._calls.pop(number, None) is not None:
            self.channel.send(Kind.CANCEL, number)


@dataclass(slots=True)
class _Progress:
    start: str | None = None
    queue_seconds: float = 0.0
    start_seconds: float = 0.0


class _Call:
    """A call that runs at the gateway; the record has what its answer says of it."""

    withdraw: Callable[[], None]

    def __init__(self, record: InvocationRecord, begun: Callable[[Stream], None], ended: Ended) -> None:
        self.record = record
        self.call = _Progress()
        self._begun = begun
        self._ended = ended
        self._stream: _RelayedStream | None = None

    def cancel(self) -> None:
        """See ``Running``."""
        self.withdraw()

    def go_on(self, message: Message) -> None:
        """A stream has begun, or a piece of it has come."""
        header = message.header
        if message.kind is Kind.BEGUN:
            self.record.id = header["id"]
            self.call = _Progress(header["start"], header["queue_seconds"], header["start_seconds"])
            self._stream = _RelayedStream(header)
            self._begun(self._stream)
        elif self._stream is not None:
            self._stream.put(message.body)

    def end(self, message: Message) -> None:
        """It has ended."""
        header, record = message.header, self.record
        record.id = header.get("id", "")
        record.start = header.get("start", "")
        record.queue_ms = header.get("queue_ms", 0.0)
        record.start_ms = header.get("start_ms", 0.0)
        record.run_ms = header.get("run_ms", 0.0)
        body = cast("bytes", message.body)  # as such it is written
        if "error" in header:
            result = Result(error=_error_in(header["error"]))
        elif "status" in header:
            result = Result(header["type"], body, status=header["status"], headers=header["headers"])
        else:
            result = Result(header["type"], body)
        self._ended(record, result)


class _RelayedStream(Stream):
    """A stream whose pieces come from the gateway, which has checked and counted them."""

    def __init__(self, header: dict[str, Any]) -> None:
        super().__init__(lambda _: None, 0)
        self.content_type = header["type"]
        self.status = header["status"]
        self.headers = header["headers"]
        self._changed = asyncio.Event()

    def put(self, piece: bytes | bytearray) -> None:
        """Another piece has come."""
        self._buffer += piece
        if self._changed is not None:
            self._changed.set()


def hold_relayed(holding: Holding, record: InvocationRecord, result: Result) -> FaasError | None:
    """Count a large result here; the gateway has looked whether there is room for it."""
    del record
    if len(result.body) > PIECE_BYTES:
        holding.keep(len(result.body))
    return None


def _error_in(told: dict[str, Any]) -> FaasError:
    figures = {name: value for name, value in told["figures"].items() if name not in ("code", "detail")}
    return error_of(told["code"], told["detail"], **figures)
