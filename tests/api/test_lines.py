"""Workers of real instances that do something to their line to the gateway."""

from __future__ import annotations

import pytest

from tests.support.gateway import Gateway

pytestmark = pytest.mark.docker

SOURCE = """
import os, stat, struct, threading, time
def sockets():
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    return sorted(number for number in numbers if is_socket(number))
def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False
def ahead(line, after, data):
    time.sleep(after)
    os.write(line, data)
def meddling(what="", n=0):
    line = sockets()[-1]
    if what == "garbage":
        os.write(line, b"garbage, and no frame")
        time.sleep(30)
    if what == "half a frame":
        os.write(line, b"\\x14\\x00\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x02{")
        return n
    if what == "too large":
        os.write(line, b"\\x14\\x00\\x01\\x00\\x00\\x00\\x02\\xff\\xff\\xff\\xff{}")
        time.sleep(30)
    if what == "ahead":
        header, body = b'{"ok":true,"type":"text/plain"}', b"forged"
        data = struct.pack(">BHII", 20, 65535, len(header), len(body)) + header + body
        threading.Thread(target=ahead, args=(line, 0.05, data)).start()
    if what == "close":
        os.close(line)
    return len(sockets()) if what == "count" else n
"""


@pytest.fixture(scope="module", autouse=True)
def function(gateway: Gateway) -> None:
    gateway.publish(SOURCE, "meddling")


def test_a_worker_has_a_line_beside_its_connection_to_the_supervisor(gateway: Gateway) -> None:
    assert gateway.call("meddling").json == 0
    assert gateway.call("meddling", {"what": "count"}).json == 2


@pytest.mark.parametrize("what", ["garbage", "too large", "half a frame"])
def test_what_is_no_result_ends_the_call_and_nothing_else(gateway: Gateway, what: str) -> None:
    answer = gateway.call("meddling", {"what": what, "n": 1})
    assert (answer.status, answer.code) == (502, "crashed")
    assert "instead of a result" in answer.json["detail"]
    assert answer.seconds < 10
    assert [gateway.call("meddling", {"n": n}).json for n in range(5)] == list(range(5))


def test_an_answer_that_nobody_waits_for_is_given_to_nobody(gateway: Gateway) -> None:
    """It comes between two calls, or in the midst of one, which then hears of it."""
    gateway.call("meddling", {"what": "ahead"})
    for n in range(300):
        answer = gateway.call("meddling", {"n": n})
        assert b"forged" not in answer.body
        if answer.status != 502:
            assert answer.json == n
        else:
            assert "out of turn" in answer.json["detail"]


def test_a_closed_line_costs_a_worker_and_no_answer(gateway: Gateway) -> None:
    for n in range(3):
        assert gateway.call("meddling", {"what": "close", "n": n}).json == n
        assert gateway.call("meddling", {"n": -n}).json == -n
