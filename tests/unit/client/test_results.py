"""The result of a call, decoded by its content type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_faas.client.answers import Response, item_of, result_of
from jupyter_faas.model.errors import GatewayUnavailable, HandlerError

URL = "http://gateway"
PROBLEM = HandlerError("ValueError: x", exception="ValueError").problem()


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"[1]", [1]),
        ("application/ld+json; charset=utf-8", b"{}", {}),
        ("text/plain; charset=utf-8", "ü".encode(), "ü"),
        ("application/x-ndjson", b'1\n{"error": "mine"}\n', [1, {"error": "mine"}]),
        ("application/x-ndjson", b"", []),
        ("text/csv", b"a\n", b"a\n"),
        ("image/png", b"\x89", b"\x89"),
    ],
)
def test_a_result(content_type: str, body: bytes, expected: Any) -> None:
    assert result_of(Response(200, content_type, body), URL) == expected


def test_nothing() -> None:
    assert result_of(Response(204, "", b""), URL) is None


def test_the_error_that_ended_a_stream() -> None:
    line = json.dumps({"error": PROBLEM}).encode()
    with pytest.raises(HandlerError) as caught:
        result_of(Response(200, "application/x-ndjson", b"1\n" + line + b"\n"), URL)
    assert caught.value.figures == {"exception": "ValueError"}
    with pytest.raises(HandlerError):
        item_of(line)


@pytest.mark.parametrize(
    "item", [{"error": {"type": "mine"}}, {"error": PROBLEM, "more": 1}, [PROBLEM], None]
)
def test_items_that_look_like_errors(item: Any) -> None:
    assert item_of(json.dumps(item).encode()) == item


def test_json_that_is_none() -> None:
    with pytest.raises(GatewayUnavailable):
        result_of(Response(200, "application/json", b"{"), URL)
