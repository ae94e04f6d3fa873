"""Many calls of one function, a few at a time, with their results in order."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Final

from jupyter_faas.client.ongoing import Call, Ongoing
from jupyter_faas.client.packages import is_there, package

__all__ = ["mapped"]

AHEAD: Final = 2
"""Calls that are begun or done and not fetched yet, as a multiple of those at a time."""
SHOWN_AFTER_SECONDS: Final = 1.0


def mapped(
    calls: Iterable[Call],
    max_parallel: int,
    return_exceptions: bool,
    progress: bool | None,
    total: int | None,
) -> Generator[Any, None, None]:
    """The results of ``calls``, in their order, at most ``max_parallel`` of them at a time.

    Nothing is begun before the first is asked for, and ``calls`` are read as far ahead as results are
    awaited. Closing the generator ends the calls that run.
    """
    if max_parallel < 1:
        raise ValueError(f"max_parallel={max_parallel}: give 1 or more")
    return _mapped(iter(calls), max_parallel, return_exceptions, progress, total)


def _mapped(
    calls: Iterator[Call],
    max_parallel: int,
    return_exceptions: bool,
    progress: bool | None,
    total: int | None,
) -> Generator[Any, None, None]:
    under_way: deque[tuple[Future[Any], Ongoing]] = deque()
    with ThreadPoolExecutor(max_parallel, "jupyter-faas-map") as threads, _bar(progress, total) as bar:
        try:
            for call in calls:
                ongoing = Ongoing()
                under_way.append((threads.submit(call, ongoing), ongoing))
                if len(under_way) >= AHEAD * max_parallel:
                    yield _result(under_way, return_exceptions)
                    bar.update()
            while under_way:
                yield _result(under_way, return_exceptions)
                bar.update()
        finally:
            for future, ongoing in under_way:
                future.cancel()
                ongoing.end()


def _result(under_way: deque[tuple[Future[Any], Ongoing]], return_exceptions: bool) -> Any:
    future, _ = under_way[0]
    error = future.exception()
    under_way.popleft()
    if error is None:
        return future.result()
    if return_exceptions and isinstance(error, Exception):
        return error
    raise error


class _NoBar:
    """Shows nothing."""

    def update(self) -> None:
        """Another one is done."""


def _bar(progress: bool | None, total: int | None) -> Any:
    """A progress bar: where somebody sees it, unless ``progress`` decides; never for what is soon done."""
    if progress is False or not is_there("tqdm"):
        return nullcontext(_NoBar())
    if progress is None and not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        return nullcontext(_NoBar())
    return package("tqdm").tqdm(total=total, unit="call", delay=SHOWN_AFTER_SECONDS, leave=False)
