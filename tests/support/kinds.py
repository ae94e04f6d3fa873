"""Annotations at random, each with a strategy for its values, and functions that have them."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import ipaddress
import numbers
import pathlib
import re
import uuid
import zoneinfo
from collections import OrderedDict, deque
from types import GenericAlias
from typing import Any, Literal, Optional

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(timezones=st.none() | st.just(dt.UTC))
SCALARS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, FLOATS),
    (bool, st.booleans()),
    (str, st.text()),
    (bytes, st.binary()),
    (dt.datetime, TIMES),
    (dt.date, st.dates()),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (decimal.Decimal, DECIMALS),
    (uuid.UUID, st.uuids()),
    (complex, st.complex_numbers(allow_nan=False, allow_infinity=False)),
    (fractions.Fraction, st.fractions()),
    (numbers.Integral, st.integers()),
    (ipaddress.IPv4Address, st.ip_addresses(v=4)),
    (ipaddress.IPv6Network, st.ip_addresses(v=6).map(ipaddress.IPv6Network)),
    (zoneinfo.ZoneInfo, st.timezone_keys().map(zoneinfo.ZoneInfo)),
    (pathlib.PurePosixPath, st.text().map(pathlib.PurePosixPath)),
    (re.Pattern[str], st.text().map(re.escape).map(re.compile)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
]
KEYS = [kind for kind in SCALARS if kind[0] is not bytes and kind[0] != Literal["a", 1, None]] + [
    (Literal["a", "b"], st.sampled_from(["a", "b"])),
    (Literal[1, 2], st.sampled_from([1, 2])),
]
Kind = tuple[Any, st.SearchStrategy[Any]]


def containers(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    def keyed(two: tuple[Kind, Kind]) -> Kind:
        (key, keys), (value, values) = two
        return GenericAlias(dict, (key, value)), st.dictionaries(keys, values, max_size=3)

    def fixed(two: tuple[Kind, Kind]) -> Kind:
        return GenericAlias(tuple, (two[0][0], two[1][0])), st.tuples(two[0][1], two[1][1])

    return st.one_of(
        inner.map(lambda kind: (GenericAlias(list, (kind[0],)), st.lists(kind[1], max_size=3))),
        inner.map(
            lambda kind: (GenericAlias(dict, (str, kind[0])), st.dictionaries(st.text(), kind[1], max_size=3))
        ),
        inner.map(lambda kind: (Optional[kind[0]], kind[1] | st.none())),  # noqa: UP045  of what "|" isn't for
        inner.map(
            lambda kind: (GenericAlias(tuple, (kind[0], ...)), st.lists(kind[1], max_size=3).map(tuple))
        ),
        st.tuples(inner, inner).map(fixed),
        st.tuples(st.sampled_from(KEYS), inner).map(keyed),
        inner.map(lambda kind: (GenericAlias(deque, (kind[0],)), st.lists(kind[1], max_size=3).map(deque))),
        inner.map(
            lambda kind: (
                GenericAlias(OrderedDict, (str, kind[0])),
                st.dictionaries(st.text(), kind[1], max_size=3).map(OrderedDict),
            )
        ),
        inner.map(lambda kind: (TypeAliasType("Alias", kind[0]), kind[1])),
        st.sampled_from(SCALARS[:-1]).map(
            lambda kind: (GenericAlias(set, (kind[0],)), st.sets(kind[1], max_size=3))
        ),
    )


KINDS: st.SearchStrategy[Kind] = st.recursive(st.sampled_from(SCALARS), containers, max_leaves=4)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FORMS = ["a: A, /, b: B, *args: C, d: D, **rest: E", "a: A, b: B, *, d: D", "a: A, /, *args: C, **rest: E"]


def function_of(parameters: str, kinds: dict[str, Any], gives: str = "") -> Any:
    names = [name for name in ("a", "b", "args", "d", "rest") if f"{name}:" in parameters]
    body = "a" if gives else "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"
    namespace: dict[str, Any] = dict(kinds)
    exec(f"def f({parameters}){gives}:\n    return {body}", namespace)
    return namespace["f"]
