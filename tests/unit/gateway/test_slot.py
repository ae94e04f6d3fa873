"""A slot between its callers, the supervisor and the line of its worker, each of which says what it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from jupyter_faas.gateway.dispatch.call import Call
from jupyter_faas.gateway.dispatch.line import Line
from jupyter_faas.gateway.dispatch.slot import Slot, SlotState
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Crashed
from jupyter_faas.model.wire import Frame, FrameError, FrameReader, Kind

KILLED = {"ok": False, "code": "killed", "detail": "", "figures": {}, "retired": True}
CRASHED = {"ok": False, "code": "crashed", "detail": "exit status 1", "figures": {}, "retired": True}
OK = {"ok": True, "type": "application/json"}


class ScriptedLine:
    """A line whose worker says, when it is asked for its last word, what ``last`` says."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.closed = False
        self.last: Callable[[], None] = lambda: None

    def send(self, pieces: list[bytes]) -> None:
        self.calls += [frame.header["id"] for frame in frames_in(pieces)]

    def take(self) -> None:
        self.last()

    def close(self) -> None:
        self.closed = True


class Scripted:
    """A slot whose supervisor and worker are played by the test."""

    def __init__(self, lines: bool = True) -> None:
        self.lines: list[ScriptedLine] = []
        self.linked: list[Frame] = []
        """What the supervisor was sent."""
        self.ended: dict[str, Call] = {}
        self.waiting: list[Call] = []
        self.unruly = 0
        self._has_lines = lines
        self.slot = Slot(0, Caps(), self._send, self._line_to, self._freed, self._on_unruly)
        self.slot.on_ready(lines)

    @property
    def line(self) -> ScriptedLine:
        return self.lines[-1]

    @property
    def state(self) -> SlotState:
        return self.slot.state

    def call(self, name: str, timeout_seconds: float = 60.0) -> Call:
        return Call(name, Arguments(), timeout_seconds, lambda call: self.ended.update({call.id: call}))

    def start(self, name: str, timeout_seconds: float = 60.0) -> Call:
        assert self.state is SlotState.FREE
        call = self.call(name, timeout_seconds)
        self.slot.start(call)
        return call

    def answers(self, number: int, body: bytes = b"1") -> None:
        """The worker answers on its line."""
        self.slot.on_line_frame(Frame(Kind.RESULT, number, OK, body))

    def supervisor_says(self, **header: Any) -> None:
        self.slot.on_result(Frame(Kind.RESULT, 0, header, b""))

    def kinds(self) -> list[Kind]:
        return [frame.kind for frame in self.linked]

    def body(self, name: str) -> bytes:
        assert self.ended[name].result.error is None
        return self.ended[name].result.body

    def _send(self, *pieces: bytes) -> None:
        self.linked += frames_in(list(pieces))

    def _line_to(self, slot: Slot) -> Line | None:
        del slot
        if not self._has_lines:
            return None
        self.lines.append(ScriptedLine())
        return cast("Line", self.lines[-1])

    def _freed(self, slot: Slot) -> None:
        if self.waiting:
            slot.start(self.waiting.pop(0))

    def _on_unruly(self, slot: Slot) -> None:
        del slot
        self.unruly += 1


def frames_in(pieces: list[bytes]) -> list[Frame]:
    return list(FrameReader(10**6).feed(b"".join(pieces)))


def scripted(test: Callable[..., None]) -> Callable[[], None]:
    """Run the test within an event loop, which slots ask for the time."""

    async def run() -> None:
        test(Scripted())

    def wrapped() -> None:
        asyncio.run(run())

    wrapped.__name__ = test.__name__
    wrapped.__doc__ = test.__doc__
    return wrapped


@scripted
def test_calls_and_plain_results_pass_the_supervisor_by(played: Scripted) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        played.start(name)
        played.answers(number, name.encode())
        assert played.body(name) == name.encode()
    assert played.line.calls == ["a", "b", "c"]
    assert not played.linked


def test_without_a_line_calls_go_through_the_supervisor() -> None:
    async def run() -> None:
        played = Scripted(lines=False)
        played.start("a")
        played.supervisor_says(**OK)
        assert played.body("a") == b""
        played.start("b")
        played.supervisor_says(**CRASHED)
        assert played.kinds() == [Kind.CALL, Kind.CALL]
        assert isinstance(played.ended["b"].result.error, Crashed)
        assert played.state is SlotState.STARTING

    asyncio.run(run())


@scripted
def test_a_result_of_which_the_supervisor_knows_more_comes_through_it(played: Scripted) -> None:
    played.start("a")
    played.supervisor_says(**OK)
    played.start("b")
    played.answers(2)
    assert played.body("b") == b"1"


@pytest.mark.parametrize("frame", [(Kind.RESULT, 1), (Kind.RESULT, 3), (Kind.READY, 2), (Kind.LOG, 0)])
def test_an_answer_to_another_call_counts_for_none(frame: tuple[Kind, int]) -> None:
    async def run() -> None:
        played = Scripted()
        played.start("a")
        played.answers(1)
        played.start("b")
        with pytest.raises(FrameError):
            played.slot.on_line_frame(Frame(frame[0], frame[1], OK, b"forged"))
        played.slot.on_line_lost(cast("Line", played.line), "a frame out of turn")
        assert played.kinds() == [Kind.KILL]
        played.supervisor_says(**KILLED)
        error = played.ended["b"].result.error
        assert isinstance(error, Crashed)
        assert "a frame out of turn" in error.detail

    asyncio.run(run())


@scripted
def test_nobody_answers_ahead_of_a_call(played: Scripted) -> None:
    with pytest.raises(FrameError):
        played.answers(1)
    played.slot.on_line_lost(cast("Line", played.line), "a frame out of turn")
    assert played.line.closed
    played.start("a")
    assert not played.line.calls
    assert not played.linked, "its worker is gone: the call waits for the next"
    played.slot.on_ready(True)
    assert played.line.calls == ["a"]


@pytest.mark.parametrize("kind", [Kind.RESULT, Kind.CHUNK])
def test_a_worker_that_speaks_without_a_call_is_ended(kind: Kind) -> None:
    async def run() -> None:
        played = Scripted()
        said = Frame(kind, 0, OK, b"unasked")
        for _ in range(3):
            played.slot.on_result(said) if kind is Kind.RESULT else played.slot.on_chunk(said)
        assert played.kinds() == [Kind.KILL]
        assert played.state is SlotState.ENDING
        played.supervisor_says(**KILLED)
        played.slot.on_ready(True)
        played.start("a")
        played.answers(1)
        assert played.body("a") == b"1"
        assert played.unruly == 0

    asyncio.run(run())


@scripted
def test_a_killed_call_answers_nothing_any_more(played: Scripted) -> None:
    call = played.start("a")
    assert call.cancel()
    old = played.line
    played.answers(1)
    played.answers(2)
    old.last = lambda: played.answers(1)
    played.supervisor_says(**KILLED)
    assert old.closed
    played.slot.on_ready(True)
    played.start("b")
    assert played.line.calls == ["b"]
    assert old.calls == ["a"]
    assert not played.ended
    played.answers(1, b"b")
    assert played.body("b") == b"b"


@scripted
def test_a_kill_is_over_with_its_own_answer_only(played: Scripted) -> None:
    """The worker crashed, or answered through the supervisor, as the KILL was on its way."""
    for crossing in (CRASHED, OK):
        played.start("a").cancel()
        played.supervisor_says(**crossing)
        states = [played.state]
        played.supervisor_says(**KILLED)
        assert [*states, played.state] == [SlotState.ENDING, SlotState.STARTING]
        played.slot.on_ready(True)
        played.start("b")
        played.answers(1)
        assert played.body("b") == b"1"
    assert played.kinds() == [Kind.KILL, Kind.KILL]


@scripted
def test_the_next_worker_was_ready_before_the_kill_came(played: Scripted) -> None:
    played.start("a").cancel()
    played.supervisor_says(**CRASHED)
    played.slot.on_ready(True)
    played.supervisor_says(**{**KILLED, "retired": False})
    played.start("b")
    assert (played.lines[0].calls, played.lines[1].calls) == (["a"], ["b"])


@scripted
def test_what_a_worker_answered_before_it_ended_counts(played: Scripted) -> None:
    played.start("a")
    played.line.last = lambda: played.answers(1)
    played.supervisor_says(**CRASHED, calls=1)
    assert played.body("a") == b"1"


@scripted
def test_the_call_behind_it_goes_to_the_next_worker(played: Scripted) -> None:
    """It was written to one that had ended already."""
    played.waiting.append(played.call("b"))
    played.start("a")
    first = played.line
    first.last = lambda: played.answers(1)
    played.supervisor_says(**CRASHED, calls=1)
    assert (first.calls, first.closed, list(played.ended)) == (["a", "b"], True, ["a"])
    played.slot.on_ready(True)
    assert played.line.calls == ["b"]
    played.answers(1, b"b")
    assert played.body("b") == b"b"


@scripted
def test_a_worker_that_ends_between_calls_is_nothing_to_know_of(played: Scripted) -> None:
    played.slot.on_line_lost(cast("Line", played.line), None)
    played.start("a")
    played.slot.on_ready(True)
    assert played.line.calls == ["a"]
    assert played.state is SlotState.BUSY


@scripted
def test_a_call_that_was_begun_is_not_begun_again(played: Scripted) -> None:
    played.start("a")
    played.supervisor_says(**CRASHED, calls=1)
    played.slot.on_ready(True)
    assert isinstance(played.ended["a"].result.error, Crashed)
    assert not played.line.calls


@scripted
def test_a_line_that_got_lost_on_its_way_is_done_without(played: Scripted) -> None:
    played.start("a")
    played.slot.on_ready(False)
    assert played.lines[0].closed
    assert played.kinds() == [Kind.CALL]
    played.supervisor_says(**OK)
    assert played.state is SlotState.FREE


def test_a_deadline_ends_a_call_on_a_line() -> None:
    async def run() -> None:
        played = Scripted()
        played.start("a", timeout_seconds=0.01)
        async with asyncio.timeout(15):
            while not played.linked:
                await asyncio.sleep(0.005)
        assert played.kinds() == [Kind.KILL]
        played.supervisor_says(**KILLED)
        error = played.ended["a"].result.error
        assert error is not None
        assert error.code == "timeout"

    asyncio.run(run())


@scripted
def test_the_end_of_the_instance_closes_the_line(played: Scripted) -> None:
    played.start("a")
    played.slot.on_gone(Crashed("gone"))
    assert played.line.closed
    assert played.state is SlotState.GONE
    assert isinstance(played.ended["a"].result.error, Crashed)
