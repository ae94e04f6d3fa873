"""What the gateway and its entrances share: a channel, a page of counters, connections."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_faas.gateway.handlers.budget import Holding
from jupyter_faas.gateway.sharing.channel import Channel, Kind, Message
from jupyter_faas.gateway.sharing.descriptors import Passage
from jupyter_faas.gateway.sharing.page import SharedBudget, SharedPage
from jupyter_faas.model.arguments import Buffer
from jupyter_faas.model.errors import Saturated

Talk = Callable[[Channel, Channel, list[Message]], Awaitable[Any]]


def talking(talk: Talk) -> Any:
    """What ``talk`` returns, which has both ends of a channel and what has come out of the second."""

    async def run() -> Any:
        ends = socket.socketpair()
        received: list[Message] = []
        one = await Channel.open(ends[0], received.append, lambda: None)
        other = await Channel.open(ends[1], received.append, lambda: None)
        try:
            async with asyncio.timeout(20):
                return await talk(one, other, received)
        finally:
            one.close()
            other.close()

    return asyncio.run(run())


async def come(received: list[Message], number: int) -> None:
    """Wait until so many messages have come."""
    while len(received) < number:
        await asyncio.sleep(0.001)


@given(st.lists(st.sampled_from([0, 1, 1000, 65_536, 262_144, 262_145, 900_000, 3_000_000]), max_size=12))
@settings(max_examples=25, deadline=None)
def test_messages_of_any_size_come_whole_and_in_order(sizes: list[int]) -> None:
    bodies = [os.urandom(1) * size for size in sizes]

    async def talk(one: Channel, other: Channel, received: list[Message]) -> list[Message]:
        del other
        for number, body in enumerate(bodies):
            half = len(body) // 2
            pieces: list[Buffer] = [body[:half], memoryview(body)[half:]]
            one.send(Kind.CALL, number, {"number": number}, pieces)
        await come(received, len(bodies))
        return received

    received = talking(talk)
    assert [(message.number, message.header["number"]) for message in received] == [
        (number, number) for number in range(len(bodies))
    ]
    assert [bytes(message.body) for message in received] == bodies


def test_a_lost_end_is_told_once_and_what_is_sent_then_is_dropped() -> None:
    async def run() -> int:
        ends = socket.socketpair()
        lost: list[bool] = []
        channel = await Channel.open(ends[0], lambda _: None, lambda: lost.append(True))
        ends[1].close()
        channel.send(Kind.CALL, 1, {}, [b"x" * 1_000_000])
        async with asyncio.timeout(10):
            while not lost:
                await asyncio.sleep(0.001)
        channel.send(Kind.CALL, 2)
        channel.close()
        await asyncio.sleep(0)
        return len(lost)

    assert asyncio.run(run()) == 1


def test_a_change_is_seen_in_another_process() -> None:
    page = SharedPage()
    other = SharedPage(os.dup(page.descriptor))
    before, elsewhere = other.changes("f"), other.changes("g")
    page.note_change("f")
    assert other.changes("f") != before
    assert other.changes("g") == elsewhere


def test_what_processes_hold_is_bounded_together() -> None:
    page = SharedPage()
    budgets = [SharedBudget(100, page, process) for process in range(3)]
    holdings = [Holding(budget) for budget in budgets]
    holdings[0].take(60)
    holdings[1].take(40)
    with pytest.raises(Saturated):
        holdings[2].take(1)
    holdings[0].release()
    holdings[2].take(60)
    page.forget(1)  # it has died
    assert budgets[0].held_bytes == 60


HOLD = """
import sys
from jupyter_faas.gateway.sharing.page import SharedPage
page = SharedPage(int(sys.argv[1]))
for _ in range(20_000):
    page.hold(int(sys.argv[2]), 3)
    page.hold(int(sys.argv[2]), -1)
"""


def test_counters_of_processes_that_count_at_once_are_exact() -> None:
    page = SharedPage()
    counting = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(page.descriptor), str(process)], pass_fds=[page.descriptor]
        )
        for process in (1, 2)
    ]
    assert [one.wait(60) for one in counting] == [0, 0]
    assert page.held_bytes == 2 * 20_000 * 2


def test_connections_pass_in_both_directions_and_a_full_passage_refuses() -> None:
    async def run() -> tuple[list[bytes], bool]:
        here, there = socket.socketpair()
        taken: list[socket.socket] = []
        one, other = Passage(here, taken.append), Passage(there, taken.append)
        said = []
        for giver in (one, other):
            ours, theirs = socket.socketpair()
            assert giver.give(theirs)
            async with asyncio.timeout(10):
                while not taken:
                    await asyncio.sleep(0.001)
            connection = taken.pop()
            connection.sendall(b"hello")
            said.append(ours.recv(100))
            connection.close()
            ours.close()
        other.close()
        ours, theirs = socket.socketpair()
        refused = not one.give(theirs) and theirs.fileno() >= 0
        one.close()
        ours.close()
        theirs.close()
        return said, refused

    assert asyncio.run(run()) == ([b"hello", b"hello"], True)
