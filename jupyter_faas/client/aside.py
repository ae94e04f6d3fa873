"""Calls from ``asyncio`` code: each waits in a thread of its own, and ends when its task is cancelled.

``http.client`` in threads rather than an asynchronous library: no dependency, and one way to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeVar

from jupyter_faas.client.ongoing import Ongoing

__all__ = ["MOST_AT_A_TIME", "aside", "items_aside"]

MOST_AT_A_TIME: Final = 64
_END: Final = object()

T = TypeVar("T")


async def aside(work: Callable[[], T], ongoing: Ongoing) -> T:
    """What ``work`` gives, done in a thread; a task that is cancelled ends what is ``ongoing``."""
    waiting = asyncio.get_running_loop().run_in_executor(_threads(), work)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        ongoing.end()
        await asyncio.wait([waiting])  # not for long: its connection is closed
        if not waiting.cancelled():
            waiting.exception()  # is of no interest any more
        raise


async def items_aside(
    begin: Callable[[Ongoing], Generator[Any, None, None]],
) -> AsyncGenerator[Any, None]:
    """The items of a stream; ``aclose`` ends the call."""
    ongoing = Ongoing()
    items = begin(ongoing)
    try:
        while (item := await aside(lambda: next(items, _END), ongoing)) is not _END:
            yield item
    finally:
        items.close()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_AT_A_TIME, thread_name_prefix="jupyter-faas-call")
