"""Very many functions, put into a gateway's store without building each."""

from __future__ import annotations

import asyncio
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store
from tests.support.gateway import Gateway
from tests.support.records import first_moves, version_record

ECHO = "def f(x):\n    return {'x': x}\n"


def register(gateway: Gateway, number: int, calls: int = 0) -> None:
    """Publish ``f``, and add ``number`` functions ``resting_…`` with its image; the gateway is restarted.

    With so many ``calls`` in the last hour, most of ``f``, some of the others. What a gateway keeps of a
    function doesn't depend on its image.
    """
    gateway.publish(ECHO, doc="Gives back what it was given.")
    image = gateway.client.function("f")["digest"]
    gateway.stop()
    path = gateway.folder / "data" / "gateway.sqlite"
    with ThreadPoolExecutor() as elsewhere:  # a browser's event loop may be this thread's
        elsewhere.submit(asyncio.run, _add(path, number, image, calls)).result()
    gateway.start()


async def _add(path: Path, number: int, image: str, calls: int) -> None:
    store = Store(path)
    for index in range(number):
        record = version_record(f"resting_{index:03}", image)
        await store.publish(record, first_moves(record))
    chance = random.Random(7)
    now = time.time()
    await store.history.add(
        [_call(chance, now - 3600 + 3600 * index / calls, index) for index in range(calls)]
    )
    await store.close()


def _call(chance: random.Random, started: float, index: int) -> InvocationRecord:
    busy = 1 + 0.5 * math.sin(started / 500)
    failed = chance.random() < 0.04 * busy
    return InvocationRecord(
        f"call-{index}",
        "f" if chance.random() < 0.8 else f"resting_{chance.randrange(20):03}",
        1,
        started,
        status=500 if failed else 200,
        code="handler-error" if failed else None,
        queue_ms=0.2,
        run_ms=chance.lognormvariate(3, 0.5) * busy,
        peak_bytes=int((90 + 60 * busy * chance.random()) * 1e6),
        start="warm",
    )
