"""Logs come from inside of a sandbox: anything may be in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.logs import LogEntry, entries_in
from jupyter_faas.gateway.service.timestamps import iso


def test_entries() -> None:
    content = b'{"t": 1.5, "s": "INFO", "m": "hello"}\n\n{"t": 2, "s": "stdout", "m": "you"}\n'
    assert list(entries_in(content)) == [LogEntry(1.5, "INFO", "hello"), LogEntry(2, "stdout", "you")]


@pytest.mark.parametrize(
    "line", [b"plain", b"[]", b"{}", b'"x"', b"7", b'{"t": [], "s": 1, "m": 2}', b"\xff"]
)
def test_lines_that_are_no_entries_are_shown_as_they_are(line: bytes) -> None:
    assert list(entries_in(line)) == [LogEntry(None, "stdout", line.decode(errors="replace"))]


@pytest.mark.parametrize("time", [-1, 1e300, 2**70])
def test_a_time_that_makes_no_sense_is_left_out(time: float) -> None:
    (entry,) = entries_in(json.dumps({"t": time, "s": "stdout", "m": "x"}).encode())
    assert entry == LogEntry(None, "stdout", "x")


@given(st.binary(max_size=200))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    for entry in entries_in(content):
        assert iso(entry.time or 0)
