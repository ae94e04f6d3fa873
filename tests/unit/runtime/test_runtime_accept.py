"""Negotiation by ``Accept`` (RFC 9110 §12.5.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.accept import names, preferred, ranges_in

TYPES = ["application/json", "text/csv", "text/html", "image/png", "application/x-ndjson"]
QUALITIES = st.integers(0, 1000).map(lambda thousandths: f"{thousandths / 1000:.3f}")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/*", "text/csv"),
        ("text/*;q=0.5, text/html", "text/html"),
        ("text/*, text/csv;q=0", "text/html"),
        ("text/html;q=0.8, text/csv;q=0.9", "text/csv"),
        ("text/html , text/csv", "text/csv"),
        ("*/*;q=0.1, image/png;q=0.2", "image/png"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("video/mp4", None),
        ("*/*;q=0", None),
        ("video/*, */*;q=0.001", "application/json"),
        ("text/csv;q=0.5;q=1", "text/csv"),
        ("nonsense", "application/json"),
        ("*/csv", "application/json"),
        (",,;,/", "application/json"),
        ("text/csv;q=2, text/html", "text/html"),
        ("text/csv;q=nan, text/html", "text/html"),
        ("text/csv;q=-1, text/html", "text/html"),
        ("text/csv;q=\u0660, text/html", "text/html"),
    ],
)
def test_the_form_that_is_preferred(accept: str, expected: str | None) -> None:
    assert preferred(TYPES, accept) == expected


def test_of_no_forms_none_is_preferred() -> None:
    assert preferred([], "") is None
    assert preferred([], "*/*") is None


@given(st.dictionaries(st.sampled_from(TYPES), QUALITIES, min_size=1))
def test_the_best_of_what_is_named_wins(wanted: dict[str, str]) -> None:
    accept = ", ".join(f"{media_type};q={quality}" for media_type, quality in wanted.items())
    chosen = preferred(TYPES, accept)
    best = max(float(quality) for quality in wanted.values())
    if best == 0:
        assert chosen is None
    else:
        assert chosen == next(each for each in TYPES if float(wanted.get(each, "0")) == best)


@given(st.permutations(["text/*;q=0.3", "text/csv;q=0.9", "*/*;q=0.1", "image/png;q=0.5"]))
def test_the_order_of_ranges_does_not_matter(ranges: list[str]) -> None:
    assert preferred(TYPES, ",".join(ranges)) == "text/csv"
    assert preferred(["application/json", "image/png", "text/html"], ",".join(ranges)) == "image/png"


@given(st.text(max_size=200))
def test_any_text_is_read(accept: str) -> None:
    chosen = preferred(TYPES, accept)
    assert chosen is None or chosen in TYPES
    assert all(0 <= quality <= 1 for _, _, quality in ranges_in(accept))


def test_by_name_is_not_by_wildcard() -> None:
    assert names("application/json", "text/html, application/json;q=0.1")
    assert not names("application/json", "application/*, */*")
    assert not names("application/json", "application/json;q=0")
    assert not names("application/json", "")
