"""What a function gets for what a caller sends, and whether the gateway lets it through."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.arguments import Arguments, Part
from runtime import conversions
from runtime.binding import Binder
from runtime.faults import Fault


def function_of(annotation: Any) -> Callable[..., Any]:
    def f(x: Any) -> Any:
        return x

    f.__annotations__ = {"x": annotation}
    return f


def bound(annotation: Any, value: Any) -> Any:
    """What a function gets for a JSON value."""
    _, arguments = Binder(function_of(annotation)).bind({}, json.dumps({"x": value}).encode())
    return arguments["x"]


def read(annotation: Any, content: bytes, media_type: str, filename: str | None = None) -> Any:
    """What a function gets for a file."""
    call = Arguments(b"{}", (Part("x", media_type, filename, content),))
    return Binder(function_of(annotation)).bind(call.header, b"".join(call.pieces))[1]["x"]


def faults(annotation: Any, value: Any) -> list[str]:
    with pytest.raises(Fault) as caught:
        bound(annotation, value)
    outcome = caught.value.outcome()
    assert outcome["code"] == "invalid-input"
    return [fault["path"] for fault in outcome["figures"]["faults"]]


def admitted(annotation: Any, value: Any) -> bool:
    """Whether the gateway lets a value through."""
    schema = schemas_of(function_of(annotation), "f").input
    return Published.compile(schema).is_valid({"x": value})


def as_json(value: Any) -> Any:
    """``value`` as a result of a function has it."""
    return json.loads(json.dumps(value, default=lambda each: conversions.simpler(each, 10**9)))
