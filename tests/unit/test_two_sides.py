"""Gateway and worker say the same of what comes, and nothing that comes is a defect."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import uuid
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from jupyter_faas.gateway.service.accept import accepts_any
from jupyter_faas.gateway.service.arguments import check_arguments
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.errors import InvalidInput, MalformedRequest, NotAcceptable
from jupyter_faas.model.iso8601 import duration_of, duration_text
from runtime.accept import preferred
from runtime.binding import Binder
from runtime.faults import Fault
from tests.support.kinds import DECIMALS, JSON, TIMES, function_of
from tests.support.passage import Passage

TEXTS = st.text(max_size=12) | st.text("0123456789-:TZ.+P YMWDHSabcdef=/", max_size=24)
NEAR = st.one_of(
    TIMES.map(dt.datetime.isoformat),
    st.dates().map(dt.date.isoformat),
    st.times().map(dt.time.isoformat),
    st.timedeltas().map(duration_text),
    st.uuids().map(str),
    DECIMALS.map(str),
    st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode()),
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A text that is right for one of the types, or nearly."""
    text: str = draw(NEAR)
    at = draw(st.integers(0, len(text)))
    between: str = draw(TEXTS | st.just(""))
    return text[:at] + between + text[at + draw(st.integers(0, 1)) :]


TEXT_TYPES = [bytes, bytearray, dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID]
VALIDATORS = [
    (
        kind,
        Published.compile(schemas_of(function_of("a: A", {"A": kind}), "f").input),
        Binder(function_of("a: A", {"A": kind})),
    )
    for kind in TEXT_TYPES
]


@settings(max_examples=300, deadline=None)
@given(text=TEXTS | NEAR | damaged())
def test_gateway_and_worker_say_the_same_of_texts(text: str) -> None:
    body = json.dumps({"a": text}).encode()
    for kind, validator, binder in VALIDATORS:
        verdicts = []
        for check in (lambda: check_arguments(body, validator), lambda: binder.bind({}, body)):  # noqa: B023
            try:
                check()
            except (InvalidInput, Fault):
                verdicts.append(False)
            else:
                verdicts.append(True)
        assert verdicts[0] == verdicts[1], (kind, text)


@given(st.timedeltas())
def test_lengths_of_time_are_read_as_they_are_written(length: dt.timedelta) -> None:
    assert duration_of(duration_text(length)) == length


RANGES = st.lists(
    st.sampled_from(["a/b", "a/*", "*/*", "text/csv", "image/png", "a", "/", "*/b", ""])
    | st.text("ab/*;q=.01 ,", max_size=10),
    max_size=4,
)


@given(RANGES, st.lists(st.sampled_from(["", ";q=0", ";q=0.5", ";q=2", ";q=x", "; level=1;q=0"]), max_size=4))
def test_gateway_and_worker_say_the_same_of_accept(ranges: list[str], weights: list[str]) -> None:
    weights += [""] * len(ranges)
    accept = ", ".join(each + weight for each, weight in zip(ranges, weights, strict=False))
    forms = ["a/b", "text/csv", "application/json"]
    assert accepts_any(forms, accept) == (preferred(forms, accept) is not None)


def test_what_a_caller_cannot_have_is_refused_before_the_function_runs() -> None:
    def f(a: int) -> pd.DataFrame:
        raise AssertionError("it ran")

    passage = Passage(f, packages=("pandas==3",))
    with pytest.raises(NotAcceptable) as caught:
        passage.answer(b'{"a": 1}', "application/json", "image/png, text/plain")
    assert caught.value.figures["available"] == ["application/json", "text/csv", "text/html"]
    with pytest.raises(InvalidInput):
        passage.answer(b'{"a": "x"}', "application/json", "image/png")


# Parsers: whatever comes is read or refused


FILE_SIGNATURE = (
    "table: pd.DataFrame | None = None, data: bytes = b'', n: int = 0, image: Picture | None = None"
)
NAMESPACE: dict[str, Any] = {"pd": pd, "Picture": Image.Image}
exec(f"def f({FILE_SIGNATURE}): return n", NAMESPACE)
ANYTHING = Passage(NAMESPACE["f"])
KINDS_OF_BODY = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/csv",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
        "image/png",
        "application/octet-stream",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "",
    ]
) | st.text(max_size=30)


@st.composite
def form_bodies(draw: st.DrawFn) -> bytes:
    """Forms that are nearly right."""
    names = st.sampled_from(["table", "data", "n", "image", "?"]) | st.text(max_size=4)
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        head = f'Content-Disposition: form-data; name="{draw(names)}"'
        head += draw(st.sampled_from(["", '; filename="f.csv"', '; filename="', "; filename*=utf-8''%ff"]))
        head += draw(
            st.sampled_from(["", "\r\nContent-Type: text/csv", "\r\nContent-Type: application/json", "\r\nX"])
        )
        parts.append(f"--b\r\n{head}".encode() + draw(st.sampled_from([b"\r\n\r\n", b"\r\n", b""])))
        parts.append(
            draw(st.binary(max_size=20) | st.sampled_from([b"1", b"a,b\n1,2\n", b"--b", b"null"])) + b"\r\n"
        )
    return b"".join(parts) + draw(st.sampled_from([b"--b--\r\n", b"--b--", b"--b\r\n", b""]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()) | form_bodies(),
    kind=KINDS_OF_BODY,
    query=st.text(max_size=20) | st.sampled_from(["n=1", "n=x", "data=YQ%3D%3D", "n=1&n=2"]),
    accept=RANGES.map(", ".join),
)
def test_no_request_is_a_defect(body: bytes, kind: str, query: str, accept: str) -> None:
    try:
        answer = ANYTHING.answer(body, kind, accept, query)
    except (MalformedRequest, InvalidInput, NotAcceptable) as error:
        assert error.detail  # noqa: PT017 - both outcomes are right
    else:
        assert answer.status in (200, 204)
