"""What a query asks of the history: read, or refused by name, whatever it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.service.cursors import cursor_of, place_of
from jupyter_faas.gateway.service.logs import LOG_FILTERS, filter_in
from jupyter_faas.gateway.service.redaction import REDACTED, redact
from jupyter_faas.gateway.service.wanted import FILTERS, time_of, wanted_in
from jupyter_faas.model.errors import MalformedRequest

NUMBERS = st.integers(0, 2**60 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abPp"), inner, max_size=3),
)


@given(st.lists(NUMBERS, min_size=1, max_size=3))
def test_a_cursor_leads_back_to_its_place(place: list[int]) -> None:
    assert place_of(cursor_of(*place), len(place)) == tuple(place)


@given(st.text(max_size=40), st.integers(1, 2))
def test_no_text_breaks_the_reader_of_cursors(text: str, numbers: int) -> None:
    try:
        place = place_of(text, numbers)
    except MalformedRequest:
        return
    assert place is not None
    assert all(0 <= number < 2**60 for number in place)


@given(st.dictionaries(st.sampled_from(FILTERS), st.text(max_size=30)))
def test_no_text_breaks_the_filters_of_calls(query: dict[str, str]) -> None:
    try:
        wanted = wanted_in(query, "f")
    except MalformedRequest as error:
        refused = error.detail
    else:
        refused = "" if wanted.function == "f" else "f"
    assert not refused or any(f"{name}=" in refused for name in query)


@given(st.dictionaries(st.sampled_from(LOG_FILTERS), st.text(max_size=30)))
def test_no_text_breaks_the_filters_of_lines(query: dict[str, str]) -> None:
    try:
        refused = "" if filter_in(query).text == query.get("text", "").lower() else "text"
    except MalformedRequest as error:
        refused = error.detail
    assert not refused or any(f"{name}=" in refused for name in query)


@given(st.integers(1, 5), st.integers(0, 99))
def test_statuses(first: int, rest: int) -> None:
    status = first * 100 + rest
    assert wanted_in({"status": str(status)}).statuses == (status, status)
    assert wanted_in({"status": f"{first}xx"}).statuses == (first * 100, first * 100 + 99)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026-01-31T12:00:00Z", 1769860800.0), ("2026-01-31T13:00:00+01:00", 1769860800.0)],
)
def test_times(text: str, seconds: float) -> None:
    assert time_of(text) == seconds


def test_times_ago() -> None:
    for text, ago in (("90s", 90), ("2h", 7200), ("7d", 7 * 86400)):
        assert abs(time.time() - ago - time_of(text)) < 2


@given(JSON)
def test_redaction_leaves_no_named_field(value: object) -> None:
    def values(inner: object) -> list[object]:
        if isinstance(inner, dict):
            return [v for k, v in inner.items() if k in "pP"] + [x for v in inner.values() for x in values(v)]
        return [x for item in inner for x in values(item)] if isinstance(inner, list) else []

    paths = redact(value, ("p",))
    assert all(each == REDACTED for each in values(value))
    assert len(paths) == len(values(value))
