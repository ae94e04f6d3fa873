"""Aliases as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.model.aliases import check_alias, parse_shares, shares_text
from jupyter_faas.model.errors import MalformedRequest


@pytest.mark.parametrize("alias", ["prod", "v2.1", "Blue_green-3", "a" * 63])
def test_good_names(alias: str) -> None:
    assert check_alias(alias) == alias


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("latest", "moves by itself"),
        ("7", "A number is the version itself"),
        ("", "begins with a letter"),
        ("a/b", "begins with a letter"),
        ("7a", "begins with a letter"),
        ("a" * 64, "63 at most"),
    ],
)
def test_bad_names(alias: str, said: str) -> None:
    with pytest.raises(MalformedRequest, match=said):
        check_alias(alias)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no version"),
        ("seven", "names no version"),
        ("0", "names no version"),
        ("7:", "names no version"),
        ("7:90", "90 is 90"),
        ("7:90,8:20", "90 \\+ 20 is 110"),
        ("7:100,8:0", "Version 8 gets no calls"),
        ("7:50,7:50", "named twice"),
        (",".join(f"{number}:9" for number in range(1, 12)), "10 versions at most"),
    ],
)
def test_bad_shares(text: str, said: str) -> None:
    with pytest.raises(MalformedRequest, match=said):
        parse_shares(text)


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 99))
def test_what_is_written_is_read(one: int, other: int, share: int) -> None:
    shares = {one: 100} if one == other else {one: share, other: 100 - share}
    assert parse_shares(shares_text(shares)) == shares
