"""Calls in a real instance: results, exceptions, logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_faas.model.wire import Kind
from tests.unit.runtime.runtime_instance import MB, Instance, instance

KITCHEN = """
import asyncio, logging, os, subprocess, sys, threading
import ctypes
print("imported")
class Weird(Exception):
    def __str__(self):
        raise ValueError("no text")
def fail_deep(n):
    return 1 / 0 if n == 0 else fail_deep(n - 1)
LOOP = []
async def later(x):
    await asyncio.sleep(0)
    LOOP.append(asyncio.get_running_loop())
    return [x, len(set(map(id, LOOP)))]
def f(what, x=None):
    if what == "echo":
        return x
    if what == "await":
        return later(x)
    if what == "environ":
        return os.environ.get(x)
    if what == "faas":
        return [name for name in os.environ if name.startswith("FAAS_")]
    if what == "cwd":
        return [os.getcwd(), os.environ["HOME"], os.environ["TMPDIR"]]
    if what == "print":
        print("to stdout", x)
        print("to stderr", file=sys.stderr)
        logging.debug("quiet")
        logging.basicConfig(level=logging.DEBUG)
        logging.getLogger("mine").warning("careful\\nsecond line")
        os.write(1, b"raw \\xff\\n")
        ctypes.CDLL(None).printf(b"from C\\n")
        subprocess.run(["echo", "from a child"])
        print("no newline", end="")
    if what == "flood":
        line = "x" * 99
        for _ in range(x // 100):
            print(line)
    if what == "empty lines":
        sys.stdout.write("\\n" * x)
    if what == "control characters":
        sys.stdout.write("\\x01" * x)
    if what == "long line":
        print("ü" * x)
    if what == "log exception":
        try:
            fail_deep(0)
        except ZeroDivisionError:
            logging.exception("caught")
    if what == "divide":
        return fail_deep(x)
    if what == "recurse":
        return f("recurse", x)
    if what == "exit":
        sys.exit(x)
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "weird":
        raise Weird
    if what == "long message":
        raise ValueError("é" * 10**6)
    if what == "memory":
        raise MemoryError("too much")
    if what == "numpy memory":
        import numpy
        numpy.zeros(10**15)
    if what == "surrogate":
        raise ValueError("\\udcff")
    if what == "open files":
        kept = [open(os.devnull) for _ in range(10**6)]
    if what == "thread":
        event = threading.Event()
        threading.Thread(target=event.wait, daemon=True).start()
        if x:
            raise ValueError("after a thread")
    if what == "child":
        child = subprocess.Popen(["sleep", "60"])
        if x:
            raise ValueError(child.pid)
        return child.pid
    if what == "fork":
        pid = os.fork()
        if x == "raise" and not pid:
            raise ValueError("the child")
        return pid
    if what == "close streams":
        sys.stdout.close()
        os.close(1)
        os.close(2)
    if what == "big":
        return "x" * x
    if what == "strange":
        return {"a": [f]}
    if what == "peak":
        data = bytearray(x)
        return len(data)
    return os.getpid()
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Instance]:
    environ = {"FAAS_NOFILE": "256"}
    with instance(KITCHEN, environ=environ, environment={"TOKEN": "s3cret"}) as running:
        yield running


@pytest.fixture
def kitchen(shared: Instance) -> Instance:
    shared.logs.clear()
    shared.log_bytes = 0
    return shared


def test_output_at_import_comes_before_ready(shared: Instance) -> None:
    with instance("print('importing')\ndef f(): pass") as running:
        assert running.lines("stdout") == ["importing"]


def test_arguments_and_results_pass_through(kitchen: Instance) -> None:
    value = {"a": [1, 2.5, None, "ü"], "b": {"c": True}}
    frame = kitchen.result(what="echo", x=value)
    assert frame.header["type"] == "application/json"
    assert json.loads(frame.body) == value
    assert frame.header["retired"] is False
    usage = frame.header["usage"]
    assert 0 <= usage["run_seconds"] < 1
    assert usage["cpu_seconds"] >= 0
    assert usage["peak_bytes"] > MB


def test_nan_becomes_null(kitchen: Instance) -> None:
    kitchen.send(Kind.CALL, 0, {"id": "x", "timeout": 1}, b'{"what": "echo", "x": [NaN, 1]}')
    assert kitchen.expect(Kind.RESULT).body == b"[null,1]"


def test_peak_memory_is_that_of_the_call(kitchen: Instance) -> None:
    assert kitchen.result(what="peak", x=60 * MB).header["usage"]["peak_bytes"] > 60 * MB
    assert kitchen.result(what="echo").header["usage"]["peak_bytes"] < 60 * MB


def test_coroutines_run_on_one_loop(kitchen: Instance) -> None:
    assert kitchen.value(what="await", x=1) == [1, 1]
    assert kitchen.value(what="await", x=2) == [2, 1]


def test_the_environment_is_the_gateways_and_holds_nothing_of_ours(kitchen: Instance) -> None:
    assert kitchen.value(what="environ", x="TOKEN") == "s3cret"
    assert kitchen.value(what="faas") == []
    folders = kitchen.value(what="cwd")
    assert len(set(folders)) == 1
    assert folders[0].endswith("scratch")


def test_every_way_to_write_is_captured(kitchen: Instance) -> None:
    kitchen.value(what="print", x=7)
    stdout = kitchen.lines("stdout")
    assert stdout[:2] == ["to stdout 7", "raw \ufffd"]
    assert stdout[2:] == ["from a child", "no newlinefrom C"]  # stdio is flushed at the end
    assert kitchen.lines("stderr") == ["to stderr"]
    assert kitchen.lines("WARNING") == ["careful\nsecond line"]
    assert kitchen.lines("DEBUG") == []
    assert all(entry["t"] > 1e9 for entry in kitchen.logs)


def test_logged_exceptions_have_their_traceback(kitchen: Instance) -> None:
    kitchen.value(what="log exception")
    (text,) = kitchen.lines("ERROR")
    assert text.startswith("caught\nTraceback")
    assert "ZeroDivisionError" in text


def test_a_flood_of_output_is_cut_and_the_call_succeeds(kitchen: Instance) -> None:
    kitchen.value(what="flood", x=20 * MB)
    kept = kitchen.lines("stdout")
    assert sum(map(len, kept)) <= MB
    assert len(kept) > 10_000
    (notice,) = kitchen.lines("faas")
    assert notice == "[log cut after 1 MB; the rest of this call's output was dropped]"
    assert 18 * MB < kitchen.dropped <= 20 * MB
    kitchen.logs.clear()
    kitchen.value(what="print")  # the next call has a budget of its own
    assert "to stdout None" in kitchen.lines("stdout")


def test_many_empty_lines_have_a_bound_too(kitchen: Instance) -> None:
    kitchen.value(what="empty lines", x=2 * MB)
    assert 10_000 < len(kitchen.logs) < 50_000
    assert kitchen.log_bytes < 2 * MB + 4096  # which is what the gateway keeps
    assert kitchen.largest_log_body < 160_000
    assert kitchen.logs[-1]["s"] == "faas"


def test_output_that_json_escapes_has_the_same_bound(kitchen: Instance) -> None:
    kitchen.value(what="control characters", x=MB)
    assert MB < kitchen.log_bytes < 2 * MB + 4096
    assert kitchen.logs[-1]["s"] == "faas"


def test_long_lines_are_split_between_characters(kitchen: Instance) -> None:
    kitchen.value(what="long line", x=20_000)
    lines = kitchen.lines("stdout")
    assert "".join(lines) == "ü" * 20_000
    assert max(len(line.encode()) for line in lines) <= 8192


def test_closed_streams_do_not_break_the_worker() -> None:
    with instance(KITCHEN) as running:
        running.value(what="close streams")
        assert running.value(what="echo", x=1) == 1


SEGMENTS = [{"line": 8, "count": 2, "cell": "In[5]", "cell_line": 3}]


def test_exceptions_are_mapped_to_cells() -> None:
    with instance(KITCHEN, manifest={"segments": SEGMENTS}) as running:
        outcome = running.failure(what="divide", x=0)
    assert outcome["code"] == "handler-error"
    assert outcome["detail"] == "ZeroDivisionError: division by zero (cell In[5], line 4)"
    figures = outcome["figures"]
    assert figures["exception"] == "ZeroDivisionError"
    assert figures["message"] == "division by zero"
    assert [frame["function"] for frame in figures["traceback"]] == ["f", "fail_deep"]
    innermost = figures["traceback"][-1]
    assert (innermost["line"], innermost["cell"], innermost["cell_line"]) == (9, "In[5]", 4)
    assert innermost["text"] == "return 1 / 0 if n == 0 else fail_deep(n - 1)"
    assert outcome["retired"] is False


def test_long_tracebacks_keep_both_ends(kitchen: Instance) -> None:
    outcome = kitchen.failure(what="recurse")
    assert outcome["figures"]["exception"] == "RecursionError"
    assert len(outcome["figures"]["traceback"]) == 30


@pytest.mark.parametrize(
    ("arguments", "exception", "message"),
    [
        ({"what": "exit", "x": 3}, "SystemExit", "3"),
        ({"what": "interrupt"}, "KeyboardInterrupt", ""),
        ({"what": "weird"}, "handler.Weird", "(its text can't be had: ValueError in __str__)"),
        ({"what": "surrogate"}, "ValueError", "?"),
        ({"nothing": 1}, "TypeError", "f() got an unexpected keyword argument 'nothing'"),
        ({}, "TypeError", "f() missing 1 required positional argument: 'what'"),
    ],
)
def test_whatever_is_raised_is_a_handler_error(
    kitchen: Instance, arguments: dict[str, Any], exception: str, message: str
) -> None:
    outcome = kitchen.failure(**arguments)
    assert outcome["code"] == "handler-error"
    assert (outcome["figures"]["exception"], outcome["figures"]["message"]) == (exception, message)
    assert kitchen.value(what="echo", x=1) == 1


def test_long_messages_are_bounded(kitchen: Instance) -> None:
    outcome = kitchen.failure(what="long message")
    assert len(json.dumps(outcome, ensure_ascii=False).encode()) < 16 * 1024


@pytest.mark.parametrize("what", ["memory", "numpy memory"])
def test_a_memory_error_is_out_of_memory(what: str) -> None:
    with instance(KITCHEN) as running:  # numpy starts threads, so its worker is replaced
        outcome = running.failure(what=what)
    assert outcome["code"] == "out-of-memory"
    assert outcome["figures"]["peak_bytes"] > MB


def test_too_many_open_files_are_explained(kitchen: Instance) -> None:
    outcome = kitchen.failure(what="open files")
    assert outcome["code"] == "handler-error"
    assert "cap of 256 open files" in outcome["detail"]


def test_a_result_over_the_cap_is_refused() -> None:
    with instance(KITCHEN, result_bytes=1000) as running:
        outcome = running.failure(what="big", x=5000)
        assert outcome["code"] == "result-too-large"
        assert outcome["figures"] == {"cap_bytes": 1000, "size_bytes": 5000}
        assert running.value(what="echo", x=1) == 1


def test_a_result_without_a_json_form_is_refused(kitchen: Instance) -> None:
    outcome = kitchen.failure(what="strange")
    assert outcome["code"] == "result-not-encodable"
    assert outcome["figures"] == {"path": "$.a[0]", "type_name": "function"}


def test_a_forked_child_never_answers(kitchen: Instance) -> None:
    for x in ("return", "raise"):
        assert kitchen.value(what="fork", x=x) > 0
    assert kitchen.quiet(0.1)
    assert kitchen.value(what="echo", x=1) == 1


@pytest.mark.parametrize("what", ["thread", "child"])
def test_leftovers_of_a_failed_call_retire_the_worker(what: str) -> None:
    with instance(KITCHEN) as running:
        pid = running.value(what="pid")
        assert running.result(what=what).header["retired"] is False
        assert running.failure(what="thread", x=1)["retired"] is True
        running.expect(Kind.READY)
        assert running.value(what="pid") != pid
