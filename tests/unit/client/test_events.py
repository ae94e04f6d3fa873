"""The parser against the HTML standard's §9.2.6: its examples, and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.client.events import Event, EventParser

LINE_ENDS = ("\n", "\r\n", "\r")
ONE_LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
NAMES = ONE_LINE.filter(lambda name: bool(name) and not name.startswith(" "))
EVENTS = st.lists(st.builds(Event, NAMES, st.lists(ONE_LINE, min_size=1, max_size=3).map("\n".join)))


def parse(*chunks: bytes) -> list[Event]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [Event("message", "YHOO\n+2\n10")]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [
                Event("message", "first event"),
                Event("message", "second event"),
                Event("message", " third event"),
            ],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [Event("message", ""), Event("message", "\n")]),
        (b"data:test\n\ndata: test\n\n", [Event("message", "test"), Event("message", "test")]),
        (b"event: add\ndata: 1\n\ndata: 2\n\n", [Event("add", "1"), Event("message", "2")]),
        (b"event: nothing\n\ndata: 1\n\n", [Event("message", "1")]),
        (b"\xef\xbb\xbfdata: after a byte order mark\n\n", [Event("message", "after a byte order mark")]),
        (b"retry: 10\nunknown: x\n Data: x\ndata: cut off", []),
        (b"data: \xff\n\n", [Event("message", "\N{REPLACEMENT CHARACTER}")]),
    ],
)
def test_examples_of_the_standard(stream: bytes, events: list[Event]) -> None:
    assert parse(stream) == events


def test_a_carriage_return_ends_its_line_at_once() -> None:
    parser = EventParser()
    assert parser.feed(b"data: 1\r\r") == [Event("message", "1")]
    assert parser.feed(b"\ndata: 2\r\n\r") == [Event("message", "2")]
    assert parser.feed(b"\n") == []


@given(EVENTS, st.sampled_from(LINE_ENDS), st.data())
def test_any_events_in_any_pieces(events: list[Event], end: str, data: st.DataObject) -> None:
    stream = "".join(
        f"event: {name}{end}" + "".join(f"data: {line}{end}" for line in text.split("\n")) + end
        for name, text in events
    ).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*pieces) == events


@given(st.lists(st.sampled_from([b"data: x", b"\r", b"\n", b"\r\n", b":", b"event: \xc3\xa9", b"\xa9"])))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    assert parse(*pieces) == parse(b"".join(pieces))
