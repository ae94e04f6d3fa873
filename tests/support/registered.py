"""Very many functions, put into a gateway's store without building each."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_faas.gateway.store.store import Store
from tests.support.gateway import Gateway
from tests.support.records import first_moves, version_record

ECHO = "def f(x):\n    return {'x': x}\n"


def register(gateway: Gateway, number: int) -> None:
    """Publish ``f``, and add ``number`` functions ``resting_…`` with its image; the gateway is restarted.

    What a gateway keeps of a function doesn't depend on its image.
    """
    gateway.publish(ECHO)
    image = gateway.client.function("f")["digest"]
    gateway.stop()
    path = gateway.folder / "data" / "gateway.sqlite"
    with ThreadPoolExecutor() as elsewhere:  # a browser's event loop may be this thread's
        elsewhere.submit(asyncio.run, _add(path, number, image)).result()
    gateway.start()


async def _add(path: Path, number: int, image: str) -> None:
    store = Store(path)
    for index in range(number):
        record = version_record(f"resting_{index:03}", image)
        await store.publish(record, first_moves(record))
    await store.close()
