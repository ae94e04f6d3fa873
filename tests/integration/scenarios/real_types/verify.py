"""Types that JSON has no form for, in an image: there and back, and 422 for what isn't one."""

import datetime as dt
import json
import re
from collections import Counter, OrderedDict, deque
from fractions import Fraction
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from jupyter_faas.model.errors import InvalidInput
from tests.support.gateway import Gateway

DAY = dt.date(2026, 1, 31)
GIVEN: dict[str, Any] = {
    "z": 1 - 2j,
    "part": Fraction(1, 3),
    "net": IPv4Network("192.0.2.0/24"),
    "zone": ZoneInfo("Europe/Berlin"),
    "pattern": re.compile("a+", re.IGNORECASE),
    "path": PurePosixPath("a/b"),
    "counted": Counter("aab"),
    "by_day": {DAY: 1},
    "last": deque([Fraction(1, 2), Fraction(2)]),
    "span": range(0, 10, 3),
    "box": {"value": DAY, "more": [{"value": DAY}]},
    "access": 3,
}
WRONG: dict[str, Any] = {
    "z": "1 + 2j",
    "part": "1/0",
    "net": "192.0.2.1/24",
    "zone": "Nowhere/Land",
    "pattern": "(",
    "counted": {"a": 1.5},
    "by_day": {"soon": 1},
    "last": ["x"],
    "span": [1, 2, 4],
    "box": {"value": "soon"},
    "access": 4,
}
MOMENT = pd.Timestamp("2026-01-31T12:00:00.123456789Z")


def verify(gateway: Gateway) -> None:
    with gateway.client as functions:
        given = functions["given"]
        *back, box, access = given(**GIVEN)
        wanted = list(GIVEN.values())[:-2]
        wanted[4] = re.compile("(?i)a+")
        assert back == wanted
        assert [type(each) for each in back] == [type(each) for each in wanted]
        assert (box, access) == ({"value": DAY, "more": [{"value": DAY, "more": []}]}, 3)
        for name, value in WRONG.items():
            with pytest.raises(InvalidInput, match=name):
                given(**{**GIVEN, name: value})
        assert not functions.function("given")["packages"]

        measured = functions["measured"]
        arguments = (np.int8(-128), np.float16(0.5), MOMENT, {"x": 1}, DAY, {3: {"a": 1.5}})
        small, half, when, spot, since, keyed = measured(*arguments)
        assert (small, half, when, since) == (-128, 0.5, MOMENT, DAY)
        assert (type(small), type(half)) == (np.int8, np.float16)
        assert spot == {"x": 1, "seen": dt.date(2026, 1, 1)}
        assert keyed == {3: OrderedDict(a=1.5)}
        assert measured(*arguments, day=DAY, note="x")[4] == DAY  # of a TypedDict (PEP 692)
        with pytest.raises(TypeError, match="nite"):
            measured(*arguments, nite="x")
        with pytest.raises(InvalidInput, match="day"):
            measured(*arguments, day="soon")
        body = {
            "small": 1,
            "half": 1,
            "when": "2026-01-31",
            "spot": {"x": 1},
            "since": "2026-01-31",
            "keyed": {},
        }
        for name, value in {"small": 128, "half": 1e6, "since": "2025-12-31", "spot": {"_seen": 1}}.items():
            answer = gateway.request(
                "POST", "/functions/measured", json.dumps({**body, name: value}).encode(), {}
            )
            assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
            assert name in answer.body.decode()
