"""Notebooks of failed calls, and the query beside a body."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from jupyter_faas.gateway.dispatch.outcome import result_in
from jupyter_faas.gateway.handlers.bodies import arguments_in
from jupyter_faas.gateway.service import partial
from jupyter_faas.gateway.service.partial import PartialNotebooks
from jupyter_faas.model.media import IPYNB
from jupyter_faas.model.wire import Frame, Kind

SCHEMA = {"properties": {"n": {"type": "integer"}, "hide_input": {"type": "boolean", "x-faas-query": True}}}
JSON = "application/json"


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "MAX_KEPT", 2)
    kept = PartialNotebooks(tmp_path / "kept")
    for number in range(4):
        kept.save(f"{number:04x}", b"{}")
        os.utime(tmp_path / "kept" / f"{number:04x}.ipynb", (number, number))
    assert [kept.load(f"{number:04x}") for number in range(4)] == [None, None, b"{}", b"{}"]
    monkeypatch.setattr(partial, "MAX_KEPT_BYTES", 1)
    kept.save("0004", b"{}")
    assert (kept.load("0003"), kept.load("0004")) == (None, b"{}")  # the newest stays, however large
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    assert kept.load("../kept/0004") is None


def test_what_a_failed_call_leaves_behind() -> None:
    header = {"ok": False, "code": "handler-error", "detail": "no", "figures": {"cell": 3}}
    result = result_in(Frame(Kind.RESULT, 0, {**header, "attached": IPYNB}, b"{}"))
    assert (result.content_type, result.attached) == (IPYNB, b"{}")
    assert result.error is not None
    assert result.error.figures == {"cell": 3}
    assert result_in(Frame(Kind.RESULT, 0, header, b"{}")).attached == b""


@pytest.mark.parametrize(
    ("body", "kind", "query", "expected"),
    [
        (b'{"n": 1}', JSON, "hide_input=1", {"hide_input": True, "n": 1}),
        (b"", JSON, "hide_input=true", {"hide_input": True}),
        (b'{"n": 1, "hide_input": false}', JSON, "hide_input=1", {"hide_input": False, "n": 1}),
        (b'{"n": 1}', JSON, "n=2&x=3", {"n": 1}),
        (b"n=1", "application/x-www-form-urlencoded", "hide_input=0", {"hide_input": False, "n": 1}),
    ],
)
def test_the_query_beside_a_body(body: bytes, kind: str, query: str, expected: object) -> None:
    assert orjson.loads(arguments_in(body, kind, query, SCHEMA).json) == expected


def test_what_is_no_object_is_left_to_the_check() -> None:
    assert arguments_in(b"[1]", JSON, "hide_input=1", SCHEMA).json == b"[1]"
    assert arguments_in(b"{", JSON, "hide_input=1", SCHEMA).json == b"{"
