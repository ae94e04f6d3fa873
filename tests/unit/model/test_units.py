"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("5s", 5), ("2m", 120), ("1h", 3600), ("0.5 s", 0.5), (" 1.5m ", 90)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("256MB", 256_000_000), ("1GiB", 2**30), ("64kb", 64_000), ("1.5 MiB", 1_572_864), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "5", "s", "5 minutes", "-5s", "5s5s", "\u0665s", "1e3s", "nan s"])
def test_a_bad_duration_names_the_accepted_forms(text: str) -> None:
    with pytest.raises(AnnotationError, match="250ms, 5s, 2m or 1h"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "MB", "5 megabytes", "-5MB", "5s", "1,5MB"])
def test_a_bad_size_names_the_accepted_forms(text: str) -> None:
    with pytest.raises(AnnotationError, match="256MB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (10_240, "10.2 KB"), (999_499, "999 KB"), (999_999, "1 MB")],
)
def test_formatted_sizes(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0001, "0.1 ms"), (0.25, "250 ms"), (1, "1 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h")],
)
def test_formatted_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 999 * 10**12))
def test_what_is_formatted_can_be_parsed_back_to_three_digits(size: int) -> None:
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.006)


@given(st.text(max_size=20))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_duration, parse_size):
        try:
            assert parse(text) >= 0
        except AnnotationError as error:
            assert repr(text) in error.detail  # noqa: PT017 - both outcomes are right
