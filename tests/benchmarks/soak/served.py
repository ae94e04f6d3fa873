"""What the soak publishes: one function that does whatever its call asks for."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from typing import Any


def soak(kind: str, nonce: str, size: int = 0, text: str = "") -> Any:
    """Do what ``kind`` says; every answer has the ``nonce`` of its call."""
    print("call", nonce)  # noqa: T201
    return KINDS[kind](nonce, size, text)


def fast(nonce: str, size: int, text: str) -> Any:
    return {"nonce": nonce}


def slow(nonce: str, size: int, text: str) -> Any:
    time.sleep(size / 1000)
    return {"nonce": nonce}


def failing(nonce: str, size: int, text: str) -> Any:
    raise ValueError(nonce)


def crashing(nonce: str, size: int, text: str) -> Any:
    os._exit(size)


def large(nonce: str, size: int, text: str) -> Any:
    return {"nonce": nonce, "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text[::-1]}


def streaming(nonce: str, size: int, text: str) -> Iterator[Any]:
    for number in range(size):
        yield {"nonce": nonce, "number": number, "text": text}


def spinning(nonce: str, size: int, text: str) -> Any:
    while True:
        sum(range(1000))


def leaving(nonce: str, size: int, text: str) -> Any:
    """Has a process of its own that nobody waits for, and never ends."""
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(0.01)
        os._exit(0)
    os.wait()
    time.sleep(3600)


def writing(nonce: str, size: int, text: str) -> Any:
    """Prints more than is kept, and never ends."""
    while True:
        sys.stdout.write(text + "\n")


KINDS = {
    function.__name__: function
    for function in (fast, slow, failing, crashing, large, streaming, spinning, leaving, writing)
}
