"""The Python client as a program uses it, against the real gateway."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Any

import pytest

from jupyter_faas import connect
from jupyter_faas.client import GatewayClient
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import GatewayUnavailable, HandlerError, InvalidInput, InvocationTimeout
from tests.api.described import countdown, measure, summarize
from tests.support.gateway import Gateway
from tests.support.published import publish
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

ROOTS = """
import time

def roots(value: float, pause: float = 0.0) -> float:
    time.sleep(pause)
    if value < 0:
        raise ValueError(f"{value} has no root")
    return value ** 0.5
"""
ROOTS_SCHEMA = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "pause": {"type": "number", "default": 0.0}},
    "required": ["value"],
    "additionalProperties": False,
}
HEAVY = {"IPython", "docker", "jupyter_core", "pydantic", "requests", "sqlalchemy", "tornado", "traitlets"}
"""What a caller neither needs nor imports."""


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    for function in (summarize, countdown, measure):
        publish(gateway, function)
    gateway.publish(
        ROOTS,
        "roots",
        caps=Caps(concurrency=4, max_instances=2),
        input_schema=ROOTS_SCHEMA,
        signature="(value: float, pause: float = 0.0) -> float",
    )


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> GatewayClient:
    return connect(gateway.url, gateway.token)


def test_it_looks_and_answers_like_the_original(client: GatewayClient) -> None:
    remote = client["summarize"]
    assert str(remote.__signature__).startswith("(values: list[float], q: ")
    assert remote.__doc__ is not None
    assert remote.__doc__.startswith("Quantile and mean")
    assert remote([1, 2, 3], q=0.5) == summarize([1, 2, 3], q=0.5)
    assert client["measure"](b"\x00abc", since=date(2026, 2, 1)) == {"bytes": 4, "name": 4}
    assert set(client._ipython_key_completions_()) == {"summarize", "countdown", "measure", "roots"}


def test_map_gives_results_in_order(client: GatewayClient) -> None:
    roots = client["roots"]
    assert list(roots.map([n * n for n in range(30)])) == list(range(30))
    assert list(roots.map([4, 9], [0.1, 0.0])) == [2, 3]
    assert list(roots.starmap([(4,), {"value": 9}], pause=0.0)) == [2, 3]
    assert list(client["countdown"].map([2, 1])) == [[2, 1], [1]]


def test_map_calls_several_at_a_time(client: GatewayClient) -> None:
    roots = client["roots"]
    begun = time.monotonic()
    assert list(roots.map([1] * 8, pause=0.5, max_parallel=8)) == [1] * 8
    assert time.monotonic() - begun < 8 * 0.5


def test_an_error_of_map_is_the_one_of_its_row(client: GatewayClient) -> None:
    seen: list[float] = []
    with pytest.raises(ValueError, match=r"-1\.0 has no root"):
        seen.extend(client["roots"].map([4.0, 9.0, -1.0, 16.0]))
    found = list(client["roots"].map([4.0, -1.0, 9.0], return_exceptions=True))
    assert (found[0], type(found[1]).__name__, found[2]) == (2, "RemoteValueError", 3)


def test_what_the_function_raised_can_be_caught_as_that(client: GatewayClient) -> None:
    with pytest.raises(ValueError, match="has no root") as caught:
        client["roots"](-1)
    assert isinstance(caught.value, HandlerError)
    assert caught.value.figures["exception"] == "ValueError"
    (note,) = caught.value.__notes__
    assert 'raise ValueError(f"{value} has no root")' in note
    with pytest.raises(InvalidInput) as refused:
        client["roots"]("four")
    assert refused.value.figures["faults"][0]["path"] == "$.value"
    with pytest.raises(TypeError, match="missing a required argument"):
        client["roots"]()


def test_calls_from_asyncio(client: GatewayClient) -> None:
    roots, countdown = client["roots"], client["countdown"]

    async def several() -> list[Any]:
        async def items() -> list[int]:
            return [item async for item in countdown.call_async(3)]

        return await asyncio.gather(*(roots.call_async(n * n, 0.2) for n in range(8)), items())

    begun = time.monotonic()
    *numbers, streamed = asyncio.run(several())
    assert (numbers, streamed) == (list(range(8)), [3, 2, 1])
    assert time.monotonic() - begun < 8 * 0.2 + 5


def test_a_cancelled_task_ends_the_call(gateway: Gateway, client: GatewayClient) -> None:
    async def cancelled() -> None:
        async with asyncio.timeout(1):
            await client["roots"].call_async(4, pause=25)

    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    assert time.monotonic() - begun < 15
    eventually(
        lambda: 499 in [call["status"] for call in client.invocations("roots", 5)], 10, "the call has ended"
    )


def test_time_that_a_caller_has(client: GatewayClient) -> None:
    hurried = client["roots"].options(timeout_seconds=0.5)
    begun = time.monotonic()
    with pytest.raises(GatewayUnavailable, match="did not answer within 500 ms"):
        hurried(1, pause=20)
    assert time.monotonic() - begun < 10
    assert hurried(4) == 2


def test_a_cap_is_an_error_of_its_own(gateway: Gateway, client: GatewayClient) -> None:
    gateway.publish("def endless():\n    while True: pass\n", "endless", Caps(timeout_seconds=0.3))
    with pytest.raises(InvocationTimeout) as caught:
        client["endless"]()
    assert (caught.value.figures["phase"], caught.value.figures["cap_seconds"]) == ("run", 0.3)


ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
from jupyter_faas import connect

gateway = connect({url!r}, {token!r})
roots = gateway["roots"]
print(roots(16.0), list(roots.map([1, 4])), list(gateway["countdown"](2)))
try:
    connect()
except Exception as error:
    print(type(error).__name__, error)
"""


def test_it_works_where_nothing_else_is_installed(gateway: Gateway) -> None:
    program = ALONE.format(absent=HEAVY, url=gateway.url, token=gateway.token)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("FAAS", "JUPYTER"))
    }
    environment["HOME"] = str(gateway.folder)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "4.0 [1.0, 2.0] [2, 1]"
    assert done.stdout.splitlines()[1].startswith("GatewayUnavailable No gateway is running.")


def test_importing_it_is_light() -> None:
    program = "import sys; from jupyter_faas import connect; print(','.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not (HEAVY | {"asyncio", "numpy", "pandas", "tqdm"}) & set(done.stdout.strip().split(","))
    spent = [_processor_seconds(program) - _processor_seconds("pass") for _ in range(5)]
    assert min(spent) < 0.15, spent


def _processor_seconds(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
