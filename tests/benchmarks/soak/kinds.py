"""The kinds of calls: what each asks for, and what its answer has to be."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_faas.model.caps import Caps
from tests.support.gateway import Answer

SHARED, BRIEF, ALONE = "soak", "soak-brief", "soak-alone"
CAPS = {
    # Calls of every kind run beside each other in one container, also beside those that are killed.
    SHARED: Caps(timeout_seconds=5, concurrency=4, min_instances=2, max_instances=2, cpu=2, log_bytes=10_000),
    BRIEF: Caps(
        timeout_seconds=0.1, concurrency=2, min_instances=1, max_instances=1, cpu=1, log_bytes=10_000
    ),
    ALONE: Caps(timeout_seconds=5, min_instances=1, max_instances=1, isolate="call"),
}
FUNCTIONS = tuple(CAPS)

Arguments = dict[str, Any]
Draw = Callable[[random.Random], Arguments]
Check = Callable[[Answer, Arguments], bool]


def _nothing(_: random.Random) -> Arguments:
    return {}


def _milliseconds(draw: random.Random) -> Arguments:
    return {"size": draw.randrange(5, 60)}


def _status(draw: random.Random) -> Arguments:
    return {"size": draw.randrange(1, 100)}


def _text(draw: random.Random) -> Arguments:
    return {"text": draw.randbytes(draw.choice((5_000, 50_000, 400_000))).hex()}


def _items(draw: random.Random) -> Arguments:
    return {"size": draw.randrange(1, 200), "text": draw.randbytes(draw.choice((8, 2000))).hex()}


def _returned(answer: Answer, asked: Arguments) -> bool:
    return answer.status == 200 and bool(answer.json == {"nonce": asked["nonce"]})


def _returned_in_time(answer: Answer, asked: Arguments) -> bool:
    """With such a short cap, on a machine this busy, either is right."""
    return _returned(answer, asked) if answer.status == 200 else _timed_out(answer, asked)


def _reversed(answer: Answer, asked: Arguments) -> bool:
    text = asked["text"]
    expected = {"nonce": asked["nonce"], "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return answer.status == 200 and bool(answer.json == {**expected, "text": text[::-1]})


def _streamed(answer: Answer, asked: Arguments) -> bool:
    lines = [json.loads(line) for line in answer.body.splitlines()]
    expected = [
        {"nonce": asked["nonce"], "number": number, "text": asked["text"]} for number in range(asked["size"])
    ]
    return answer.status == 200 and lines == expected


def _raised(answer: Answer, asked: Arguments) -> bool:
    problem = answer.json
    return answer.status == 500 and problem["code"] == "handler-error" and asked["nonce"] in str(problem)


def _crashed(answer: Answer, asked: Arguments) -> bool:
    problem = answer.json
    return answer.status == 502 and problem["code"] == "crashed" and str(asked["size"]) in problem["detail"]


def _timed_out(answer: Answer, _: Arguments) -> bool:
    return answer.status == 504 and bool(answer.json["phase"] == "run")


@dataclass(frozen=True)
class Kind:
    """One kind of call: ``share`` of all, what else than its nonce it is ``asked`` with, and what ``answer``
    is right. Of a ``cancelled`` one nobody waits for the answer."""

    name: str
    share: float
    function: str
    does: str
    answer: Check
    asked: Draw = field(default=_nothing)
    cancelled: bool = False


KINDS = (
    Kind("fast", 60, SHARED, "fast", _returned),
    Kind("slow", 6, SHARED, "slow", _returned, _milliseconds),
    Kind("large", 5, SHARED, "large", _reversed, _text),
    Kind("streaming", 5, SHARED, "streaming", _streamed, _items),
    Kind("failing", 8, SHARED, "failing", _raised),
    Kind("crashing", 1, SHARED, "crashing", _crashed, _status),
    Kind("killed beside others", 0.1, SHARED, "spinning", _timed_out),
    Kind("killed, spinning", 1, BRIEF, "spinning", _timed_out),
    Kind("killed, with a child", 1, BRIEF, "leaving", _timed_out),
    Kind("killed, printing", 0.5, BRIEF, "writing", _timed_out, lambda _: {"text": "x" * 1000}),
    Kind("brief", 2, BRIEF, "fast", _returned_in_time),
    Kind("alone", 5, ALONE, "fast", _returned),
    Kind("alone and failing", 0.8, ALONE, "failing", _raised),
    Kind("cancelled", 1, SHARED, "slow", _returned, _milliseconds, cancelled=True),
    Kind("cancelled, with a child", 1, BRIEF, "leaving", _timed_out, cancelled=True),
    Kind("cancelled stream", 1, SHARED, "streaming", _streamed, _items, cancelled=True),
    Kind("cancelled, large", 0.5, SHARED, "large", _reversed, _text, cancelled=True),
)
