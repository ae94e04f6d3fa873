"""Calls that their function records: kept within bounds, without what is redacted, and run again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_faas.client.answers import result_of
from jupyter_faas.model.errors import HandlerError, InvalidInput, NotFound
from jupyter_faas.model.manifest import Recording
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of
from tests.support.waiting import eventually

SOURCE = """
def log_in(user: str, password: str, profile: dict = {}):
    if user == "nobody":
        raise ValueError("no such user")
    return {"user": user, "token": "t0ps3cret", "length": len(password)}
"""
DIVIDE = "def divide(a, b=1):\n    return a / b\n"
SECRETS = ("hunter2", "t0ps3cret", "9417-pin")


@pytest.fixture(scope="module")
def recording(gateway: Gateway) -> Gateway:
    """Two functions: ``log_in`` keeps three calls and no secrets, ``divide`` keeps two."""
    wanted = Recording(calls=3, redact=("password", "TOKEN", "pin"))
    gateway.publish(SOURCE, "log_in", recording=wanted)
    gateway.publish(DIVIDE, "divide", recording=Recording(calls=2))
    return gateway


def call(gateway: Gateway, name: str, **arguments: Any) -> str:
    """The id of a call's invocation."""
    return gateway.call(name, arguments).headers["faas-invocation-id"]


def test_named_fields_are_never_written(recording: Gateway) -> None:
    cards = [{"pin": "9417-pin", "kind": "debit"}]
    first = call(recording, "log_in", user="ada", password="hunter2", profile={"cards": cards})
    kept = recording.client.recorded(first).told
    assert kept["input"] == {
        "user": "ada",
        "password": "[redacted]",
        "profile": {"cards": [{"pin": "[redacted]", "kind": "debit"}]},
    }
    assert kept["redacted"] == ["password", "profile.cards[0].pin"]
    assert kept["output"]["json"] == {"user": "ada", "token": "[redacted]", "length": 7}
    data = b"".join(path.read_bytes() for path in (recording.folder / "data").glob("gateway.sqlite*"))
    assert b"debit" in data
    assert not [secret for secret in SECRETS if secret.encode() in data]


def test_a_redacted_value_has_to_be_given_again(recording: Gateway) -> None:
    failed = call(recording, "log_in", user="nobody", password="hunter2")
    with pytest.raises(InvalidInput, match=r"password of invocation .* was redacted"):
        recording.client.replay(failed)
    with pytest.raises(HandlerError, match="no such user"):
        result_of(recording.client.replay(failed, None, {"password": "x"})[0], recording.url)
    answer, same = recording.client.replay(failed, None, {"password": "x", "user": "eve"})
    assert json.loads(answer.body)["user"] == "eve"
    assert same is None


def test_the_last_ones_are_kept_and_failures_apart(recording: Gateway) -> None:
    failed = call(recording, "divide", a=1, b=0)
    calls = [call(recording, "divide", a=number) for number in range(5)]
    for forgotten in calls[:3]:
        with pytest.raises(NotFound, match="--record 100"):
            recording.client.recorded(forgotten)
    assert [recording.client.recorded(each).told["input"]["a"] for each in calls[3:]] == [3, 4]
    assert recording.client.recorded(failed).told["input"] == {"a": 1, "b": 0}
    assert recording.client.recorded(failed).told["output"] is None


def test_large_ones_are_left_out(recording: Gateway) -> None:
    large = call(recording, "divide", a=1, b=[0] * 600_000)
    told = recording.client.recorded(large).told
    assert told["input"] is None
    assert "1.8 MB is over 1 MB" in told["left_out"]
    with pytest.raises(InvalidInput, match="can't be run again"):
        recording.client.replay(large)


def test_files_go_along(recording: Gateway) -> None:
    schema = {
        "type": "object",
        "properties": {"data": {"x-faas-media": ["*/*"], "x-faas-type": "builtins.bytes"}},
        "required": ["data"],
    }
    source = "def size(data: bytes) -> int:\n    return len(data)\n"
    recording.publish(source, "size", recording=Recording(calls=2), input_schema=schema)
    sent = {"Content-Type": "application/octet-stream"}
    answer = recording.request("POST", "/functions/size", bytes(range(256)), sent)
    assert answer.json == 256
    again, same = recording.client.replay(answer.headers["faas-invocation-id"])
    assert (again.body, same) == (b"256", True)


def test_replay_in_the_kernel_against_a_version_and_in_a_shell(gateway: Gateway, tmp_path: Any) -> None:
    define = "%%publish --record 5 --redact key\ndef ratio(a: float, b: float = 2.0, key: str = ''):\n    "
    first = notebook_of([f"{define}return a / b"])
    execute(first, gateway, tmp_path)
    invocation = gateway.call("ratio", {"a": 1, "b": 0}).headers["faas-invocation-id"]
    eventually(lambda: gateway.client.recorded(invocation), 5)
    cells = [
        f"{define}return a / b if b else 0.0",
        f"%faas replay {invocation}",
        f"%faas replay {invocation} --version 1",
        f"%faas replay {invocation} b=4",
        "del ratio",
        f"%faas replay {invocation}",
        "%faas errors ratio",
        "%faas history ratio --status 5xx",
        "%faas logs ratio --level warning",
        f"%faas invocation {invocation}",
    ]
    notebook = execute(notebook_of(cells), gateway, tmp_path, allow_errors=True)
    _, _, here, old, changed, _, gone, errors, history, logs, one = map(text_of, notebook.cells)
    assert (here, changed) == ("0.0", "0.25")
    assert "ZeroDivisionError" in old
    assert "--version 1" in gone
    assert "ZeroDivisionError" in errors
    assert invocation in history
    assert "nothing yet" in logs
    assert "division by zero" in one
