"""What very many functions that nobody calls cost those that are called, and the gateway's memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.figures import Comparison, Reading, seconds
from tests.benchmarks.soak.counts import resident_bytes
from tests.benchmarks.warm import caller
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway
from tests.support.registered import register

NUMBERS = (1, 10, 100, 1000, 10_000)
CALLS, TURNS = 20, 40
BODY = json.dumps({"x": 1}).encode()


def registered(gateway: Gateway) -> Iterator[Comparison | Reading]:
    """A gateway with so many functions, in turns with one that has a single function.

    They are registered through the store, with the record of a usual function and the image of the one
    called: what the gateway keeps of a function doesn't depend on its image.
    """
    with _registered(1) as one:
        least = resident_bytes(one.pid)
        for number in NUMBERS:
            with _registered(number) as many:
                yield _compared(number, many, one)
                if number == NUMBERS[-1]:
                    kilobytes = (resident_bytes(many.pid) - least) / 1000 / (number - 1)
                    yield Reading("a function that rests", {"KB of the gateway": kilobytes})


def _compared(number: int, many: Gateway, one: Gateway) -> Comparison:
    urls = [f"{gateway.url}/functions/f" for gateway in (many, one)]
    times: tuple[list[float], list[float]] = ([], [])
    with caller(urls[0], many.token, BODY) as call_many, caller(urls[1], one.token, BODY) as call_one:
        for _ in range(CALLS):
            call_many()
            call_one()
        for _ in range(TURNS):
            for call, taken in zip((call_many, call_one), times, strict=True):
                taken += [seconds(call) for _ in range(CALLS)]
    return Comparison(f"warm call with {number} functions", times[0], "with one function", times[1])


@contextmanager
def _registered(number: int) -> Iterator[Gateway]:
    """A gateway with ``number`` functions, of which ``f`` can be called."""
    with tempfile.TemporaryDirectory() as name, cleaned_up(Path(name)):
        gateway = Gateway(Path(name)).start()
        try:
            register(gateway, number - 1)
            assert gateway.call("f", {"x": 1}).status == 200
            yield gateway
        finally:
            gateway.close()
