"""Arguments in a real instance: bound by name, of real types, refused where they don't fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from tests.unit.runtime.runtime_instance import instance

SIGNATURES = """
import functools
def positional(a, b=2, /, *, c=3):
    return [a, b, c]
def variadic(a, *rest, b=5, **named):
    return [a, list(rest), b, named]
@functools.wraps(positional)
def wrapped(*args, **kwargs):
    return positional(*args, **kwargs)
class Callable:
    def __call__(self, a):
        return [a]
instance = Callable()
"""


@pytest.mark.parametrize(
    ("entry", "arguments", "expected"),
    [
        ("positional", {"a": 1}, [1, 2, 3]),
        ("positional", {"c": 0, "b": 1, "a": 9}, [9, 1, 0]),
        ("variadic", {"a": 1, "rest": [2, 3], "b": 4, "x": 6}, [1, [2, 3], 4, {"x": 6}]),
        ("variadic", {"a": 1}, [1, [], 5, {}]),
        ("wrapped", {"a": 1, "b": 5}, [1, 5, 3]),
        ("instance", {"a": 1}, [1]),
    ],
)
def test_arguments_are_bound_by_name(entry: str, arguments: dict[str, Any], expected: list[Any]) -> None:
    with instance(SIGNATURES, manifest={"entry": entry}) as running:
        assert running.value(**arguments) == expected


TYPED = """
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
import os, threading
@dataclass
class Span:
    begin: dt.date
    days: int
    def __post_init__(self):
        if self.days < 0:
            raise RuntimeError("a defect")
def f(span: Span, file: Path | None = None, fail: bool = False):
    if fail:
        raise ValueError("the function's own")
    end = span.begin + dt.timedelta(days=span.days)
    return [end, file and [file.name, file.read_text(), str(file.parent)]]
"""


def test_arguments_of_real_types_and_files() -> None:
    with instance(TYPED) as running:
        span = {"begin": "2024-02-28", "days": 2}
        assert running.value(span=span) == ["2024-03-01", None]
        arguments = json.dumps({"span": span}).encode()
        part = {"name": "file", "media_type": "text/plain", "filename": "a.txt", "length": 5}
        header = {"id": "c", "timeout": 5, "json": len(arguments), "parts": [part]}
        running.send(Kind.CALL, 0, header, arguments + b"hello")
        _, (name, text, folder) = json.loads(running.expect(Kind.RESULT).body)
        assert (name, text) == ("a.txt", "hello")
        assert not Path(folder).exists()

        outcome = running.failure(span={"begin": "today", "days": 2})
        assert (outcome["code"], outcome["retired"]) == ("invalid-input", False)
        assert outcome["figures"]["faults"][0]["path"] == "$.span.begin"
        assert running.failure(span=span, fail=True)["code"] == "handler-error"
        defect = running.failure(span={**span, "days": -1})
        assert (defect["code"], defect["figures"]["exception"]) == ("handler-error", "RuntimeError")
        part["name"] = "span"
        running.send(Kind.CALL, 0, header, b"{}".ljust(len(arguments)) + b"hello")
        assert "takes no file" in running.expect(Kind.RESULT).header["detail"]


def test_annotations_that_break_fail_the_start() -> None:
    source = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    source += "@dataclass\nclass D:\n    x: Gone\ndef f(d: D): return 1\n"
    with instance(source, ready=False) as running:
        failed = running.expect(Kind.FAILED)
        assert failed.header["code"] == "init-error"
        assert "Gone" in failed.header["detail"]
