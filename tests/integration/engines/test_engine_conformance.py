"""What every engine does, shown with the real runtime in real sandboxes."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path

import pytest

from jupyter_faas.model.errors import InitError, InvocationTimeout
from jupyter_faas.model.wire import Kind

from .conftest import Rig

ADD = "def probe(a=1, b=2):\n    return a + b\n"

# Leaves the worker's tree, session and standard streams, and runs on under a name that can be found.
LEAVE = """
import os, sys, time
def probe(token):
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, ["python3", "-c", "import time; time.sleep(600)", token])
            os._exit(0)
    time.sleep(600)
"""
ENVIRONMENT = "import os\ndef probe():\n    return sorted(os.environ)\n"
EAT = "def probe():\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 20))\n"


def processes_with(token: str) -> list[str]:
    """Ids of this machine's processes that have ``token`` in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if token.encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
        except OSError:
            continue
    return found


async def until_running(token: str, count: int) -> None:
    async with asyncio.timeout(15):
        while len(processes_with(token)) < count:
            await asyncio.sleep(0.02)


def test_a_call_goes_through_and_returns(rig: Rig) -> None:
    async def scenario() -> None:
        async with rig.started(ADD) as (_, _, peer, _):
            result = await peer.call(b'{"a": 40, "b": 2}')
            assert result.header["ok"] is True
            assert json.loads(result.body) == 42

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_kill_leaves_nothing_that_the_function_started(rig: Rig) -> None:
    token = f"token-{uuid.uuid4().hex}"

    async def scenario() -> None:
        async with rig.started(LEAVE) as (_, sandbox, peer, _):
            await peer.send(Kind.CALL, {"id": "call", "timeout": 20}, json.dumps({"token": token}).encode())
            await until_running(token, 3)
            began = time.monotonic()
            await sandbox.kill()
            assert time.monotonic() - began < 1
            assert processes_with(token) == []

    asyncio.run(scenario())


def test_remove_ends_everything_and_may_be_repeated(rig: Rig) -> None:
    token = f"token-{uuid.uuid4().hex}"

    async def scenario() -> None:
        async with rig.started(LEAVE) as (_, sandbox, peer, _):
            await peer.send(Kind.CALL, {"id": "call", "timeout": 20}, json.dumps({"token": token}).encode())
            await until_running(token, 3)
            first, second = await asyncio.gather(sandbox.remove(), sandbox.remove())
            assert processes_with(token) == []
            assert first == second == await sandbox.remove()
            assert first.status == 137

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_memory_over_the_cap_is_told_apart(rig: Rig) -> None:
    async def scenario() -> None:
        async with rig.started(EAT) as (_, _, peer, _):
            result = await peer.call()
            assert result.header["code"] == "out-of-memory"

    asyncio.run(scenario())


def test_a_successor_removes_what_its_predecessor_left(rig: Rig) -> None:
    token = f"token-{uuid.uuid4().hex}"
    rig.owner = f"{rig.owner}-{uuid.uuid4().hex[:6]}"

    async def scenario() -> None:
        async with rig.started(LEAVE) as (engine, _, peer, _):
            await peer.send(Kind.CALL, {"id": "call", "timeout": 20}, json.dumps({"token": token}).encode())
            await until_running(token, 3)
            assert await engine.remove_orphans(rig.owner) == 0
            successor = rig.engine()
            assert await successor.remove_orphans("another-gateway") == 0
            assert len(processes_with(token)) == 3
            assert await successor.remove_orphans(rig.owner) == 1
            assert processes_with(token) == []
            assert await successor.remove_orphans(rig.owner) == 0
            await successor.close()

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_a_supervisor_that_ends_first_is_an_init_error(rig: Rig) -> None:
    async def scenario() -> None:
        engine = rig.engine()
        image = await rig.image(engine, start="import sys\nprint('no such luck', flush=True)\nsys.exit(3)\n")
        with pytest.raises(InitError, match="no such luck") as caught:
            await engine.start(rig.spec(image))
        assert caught.value.figures["exit_status"] == 3
        await engine.close()

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_starting_has_a_deadline(rig: Rig) -> None:
    async def scenario() -> None:
        engine = rig.engine()
        image = await rig.image(engine, start="import time\ntime.sleep(600)\n")
        with pytest.raises(InvocationTimeout) as caught:
            await engine.start(rig.spec(image, init_timeout_seconds=1.5))
        assert caught.value.figures["phase"] == "init"
        assert caught.value.figures["cap_seconds"] == 1.5
        await engine.close()

    asyncio.run(scenario())
    assert rig.leftovers() == []


@pytest.mark.parametrize("delay_seconds", [0.0, 0.03, 0.15, 0.6])
def test_a_cancelled_start_leaves_nothing(rig: Rig, delay_seconds: float) -> None:
    async def scenario() -> None:
        engine = rig.engine()
        image = await rig.image(engine, start="import time\ntime.sleep(600)\n")
        starting = asyncio.ensure_future(engine.start(rig.spec(image)))
        await asyncio.sleep(delay_seconds)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await engine.close()

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_nothing_of_the_gateways_environment_gets_in(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_GATEWAY", "hidden")

    async def scenario() -> None:
        async with rig.started(ENVIRONMENT) as (_, _, peer, _):
            names = json.loads((await peer.call()).body)
            assert "GIVEN" in names
            assert "SECRET_OF_THE_GATEWAY" not in names
            assert not any(name.startswith("FAAS_") for name in names)

    asyncio.run(scenario())


def test_an_image_is_found_by_tag_and_id_and_can_be_removed(rig: Rig) -> None:
    async def scenario() -> None:
        engine = rig.engine()
        image = await rig.image(engine, ADD)
        again = await engine.image(image.id)
        assert again == image
        assert await engine.image("jupyter-faas-test/none:such") is None
        await engine.remove_image(image.id)
        await engine.remove_image(image.id)
        await engine.close()

    asyncio.run(scenario())


# A thread that never rests, and how much CPU time the worker has had.
SPIN = """
import threading, time
thread = None
def spin():
    while True:
        pass
def probe(start=False):
    global thread
    if start and thread is None:
        thread = threading.Thread(target=spin, daemon=True)
        thread.start()
    return time.process_time()
"""


def test_what_is_paused_stands_still_and_goes_on(rig: Rig) -> None:
    async def scenario() -> None:
        async with rig.started(SPIN) as (_, sandbox, peer, _):
            used = json.loads((await peer.call(b'{"start": true}')).body)
            assert await sandbox.pause()
            call = asyncio.create_task(peer.call())
            answered, _ = await asyncio.wait([call], timeout=1)
            assert not answered, "what is paused doesn't answer"
            await sandbox.resume()
            assert json.loads((await call).body) < used + 0.5, "it used the CPU while it was paused"
            await sandbox.pause()
            await sandbox.resume()
            assert (await peer.call()).header["ok"] is True

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_a_sandbox_tells_its_memory(rig: Rig) -> None:
    async def scenario() -> None:
        async with rig.started("kept = bytearray(b'x') * 40_000_000\n" + ADD) as (_, sandbox, _, _):
            async with asyncio.timeout(10):  # while processes are being forked a reading may miss some
                while not 40_000_000 < (await sandbox.memory_bytes() or 0) < 128_000_000:
                    await asyncio.sleep(0.1)

    asyncio.run(scenario())


def test_a_paused_sandbox_can_be_killed_and_removed(rig: Rig) -> None:
    token = f"token-{uuid.uuid4().hex}"

    async def scenario() -> None:
        async with rig.started(LEAVE) as (_, sandbox, peer, _):
            await peer.send(Kind.CALL, {"id": "call", "timeout": 20}, json.dumps({"token": token}).encode())
            await until_running(token, 3)
            assert await sandbox.pause()
            began = time.monotonic()
            await sandbox.kill()
            assert time.monotonic() - began < 2
            assert processes_with(token) == []
        async with rig.started(ADD) as (_, sandbox, _, _):
            assert await sandbox.pause()
            assert (await sandbox.remove()).status == 137

    asyncio.run(scenario())
    assert rig.leftovers() == []


def test_a_successor_removes_what_its_predecessor_had_paused(rig: Rig) -> None:
    rig.owner = f"{rig.owner}-{uuid.uuid4().hex[:6]}"

    async def scenario() -> None:
        async with rig.started(ADD) as (_, sandbox, _, _):
            assert await sandbox.pause()
            successor = rig.engine()
            async with asyncio.timeout(10):
                assert await successor.remove_orphans(rig.owner) == 1
            await successor.close()

    asyncio.run(scenario())
    assert rig.leftovers() == []
