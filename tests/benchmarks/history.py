"""What the history takes: of a call's time, of the disk, and of a search among a million invocations."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_faas.gateway.store.records import InvocationRecord, Wanted
from jupyter_faas.gateway.store.store import Store
from tests.benchmarks.figures import Comparison, Reading, seconds
from tests.benchmarks.warm import caller
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway

ROWS, BATCH = 1_000_000, 1000
FUNCTIONS = 20
PAGES = 15
CALLS, TURNS = 100, 40
WRITES = "def f(x):\n    print('called with', x)\n    return {'x': x}\n"
BODY = json.dumps({"x": 1}).encode()
FIRST = 1_700_000_000.0
SEARCHES = {
    "all": Wanted(),
    "a function": Wanted("f0"),
    "5xx": Wanted("f0", statuses=(500, 599)),
    "5xx of all": Wanted(statuses=(500, 599)),
    "a code": Wanted("f0", code="timeout"),
    "a code that never came": Wanted("f0", code="crashed"),
    "a code of all": Wanted(code="crashed"),
    "a version that isn't there": Wanted("f0", version=99),
    "so long that none was": Wanted("f0", min_ms=1e6),
    "so long that none was, of all": Wanted(min_ms=1e6),
    "the first hour": Wanted("f0", until=FIRST + 3600),
    "the first hour of all": Wanted(until=FIRST + 3600),
    "of a version, slow, since": Wanted("f1", version=2, min_ms=50.0, since=FIRST + 1_000_000),
}
"""What the first page is asked for by; with some, nothing is found and all is looked through."""


def history(gateway: Gateway) -> Iterator[Comparison | Reading]:
    """The cost of a call first, on an idle machine."""
    yield overhead(gateway)
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_million(Path(folder) / "gateway.sqlite"))


def overhead(gateway: Gateway) -> Comparison:
    """Calls of a function that writes a line, in turns with a gateway that keeps and counts nothing."""
    with _bare() as bare:
        times: tuple[list[float], list[float]] = ([], [])
        for each in (gateway, bare):
            each.publish(WRITES, "f")
        urls = [f"{each.url}/functions/f" for each in (gateway, bare)]
        with caller(urls[0], gateway.token, BODY) as ours, caller(urls[1], bare.token, BODY) as without:
            for _ in range(CALLS):
                ours()
                without()
            for _ in range(TURNS):
                for call, taken in zip((ours, without), times, strict=True):
                    taken += [seconds(call) for _ in range(CALLS)]
    return Comparison("history, logs and metrics", times[0], "the same gateway without them", times[1])


@contextmanager
def _bare() -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory() as folder, cleaned_up(Path(folder)):
        bare = Gateway(Path(folder), module="tests.benchmarks.bare_gateway")
        try:
            yield bare.start()
        finally:
            bare.close()


async def _million(path: Path) -> list[Reading]:
    store = Store(path)
    try:
        begun = time.perf_counter()
        for number in range(0, ROWS, BATCH):
            await store.history.add([_record(number + offset) for offset in range(BATCH)])
        written = ROWS / (time.perf_counter() - begun)
        pages = {name: await _slowest(store, wanted) for name, wanted in SEARCHES.items()}
    finally:
        await store.close()
    megabytes = sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) / 1e6
    kept = {"MB": megabytes, "records written a second": written}
    return [
        Reading("first page of a million invocations", {"slowest ms": max(pages.values()), **pages}),
        Reading("a million invocations", kept),
    ]


async def _slowest(store: Store, wanted: Wanted) -> float:
    """How long the first page takes at most, in milliseconds, once it has been asked for before."""
    await store.history.page(wanted, 50)
    taken = []
    for _ in range(PAGES):
        begun = time.perf_counter()
        await store.history.page(wanted, 50)
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)[PAGES // 2]


def _record(number: int) -> InvocationRecord:
    """A call of one of twenty functions, the first of which is called most; one in fifty fails."""
    chance = random.random()
    status, code = (
        (200, None) if chance < 0.98 else (500, "handler-error") if chance < 0.999 else (504, "timeout")
    )
    record = InvocationRecord(
        secrets.token_hex(12),
        f"f{min(int(random.expovariate(0.4)), FUNCTIONS - 1)}",
        random.randint(1, 5),
        FIRST + number,
        "latest",
        "ada",
        status,
        code,
    )
    record.queue_ms, record.run_ms, record.cpu_ms = chance / 10, random.expovariate(0.1), chance
    record.peak_bytes, record.start, record.request_bytes, record.result_bytes = 30_000_000, "warm", 100, 200
    if code is not None:
        record.problem = {"code": code, "detail": "It failed.", "exception": "ValueError", "message": "no"}
    return record
