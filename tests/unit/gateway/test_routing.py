"""Aliases that share their calls out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.service.routing import Route, Routes

CALLS = 20_000


def test_shares_are_kept() -> None:
    route = Route("f", "prod", {7: 90, 8: 10})
    chosen = Counter(route.choose(None) for _ in range(CALLS))
    assert chosen.keys() == {7, 8}
    assert abs(chosen[8] / CALLS - 0.10) < 0.02


def test_keys_are_shared_out_alike_and_keep_their_version() -> None:
    route = Route("f", "prod", {7: 90, 8: 10})
    chosen = Counter(route.choose(f"user {number}") for number in range(CALLS))
    assert abs(chosen[8] / CALLS - 0.10) < 0.02
    again = Route("f", "prod", {8: 10, 7: 90})
    assert all(route.choose(f"{number}") == again.choose(f"{number}") for number in range(100))


@given(st.integers(1, 99), st.integers(1, 99), st.text())
def test_nobody_goes_back_while_a_new_version_grows(one: int, other: int, key: str) -> None:
    small, large = sorted((one, other))
    first, then = (Route("f", "prod", {7: 100 - share, 8: share}) for share in (small, large))
    if first.choose(key) == 8:
        assert then.choose(key) == 8


@given(st.dictionaries(st.integers(1, 50), st.integers(1, 100), min_size=1, max_size=5), st.text())
def test_every_choice_is_one_of_them(shares: dict[int, int], key: str) -> None:
    route = Route("f", "prod", shares)
    assert route.choose(key) in shares
    assert route.choose(None) in shares


def test_only_functions_with_aliases_are_held() -> None:
    routes = Routes()
    routes.put("f", "prod", {7: 90, 8: 10})
    routes.put("f", "old", {3: 100})
    assert list(routes) == [("f", 3), ("f", 7), ("f", 8)]
    assert routes.names("f", 7) == ["prod"]
    assert routes.of("f") == {"old": {3: 100}, "prod": {7: 90, 8: 10}}
    routes.drop("f", "prod")
    routes.drop("f", "old")
    assert vars(routes) == {"_routes": {}}
