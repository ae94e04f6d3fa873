"""Many calls: their order, how many at a time, and what ends them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from itertools import count, islice
from typing import Any

import pytest

from jupyter_faas.client.mapping import mapped
from jupyter_faas.client.ongoing import Ongoing
from tests.support.waiting import eventually


class Work:
    """Makes calls, and counts what runs."""

    def __init__(self) -> None:
        self.running = self.most = self.begun = 0
        self.ended: list[Ongoing] = []
        self._lock = threading.Lock()

    def call(self, result: Any, seconds: float = 0.0) -> Callable[[Ongoing], Any]:
        def run(ongoing: Ongoing) -> Any:
            with self._lock:
                self.running += 1
                self.begun += 1
                self.most = max(self.most, self.running)
            if ongoing.wait(seconds):
                self.ended.append(ongoing)
            with self._lock:
                self.running -= 1
            if isinstance(result, Exception):
                raise result
            return result

        return run


def results(calls: Any, parallel: int = 4, return_exceptions: bool = False) -> Generator[Any, None, None]:
    return mapped(calls, parallel, return_exceptions, False, None)


def test_results_come_in_order() -> None:
    work = Work()
    calls = [work.call(n, 0.1 if n % 3 == 0 else 0.0) for n in range(20)]
    assert list(results(calls)) == list(range(20))
    assert 1 < work.most <= 4


def test_it_is_lazy_and_reads_no_further_than_twice_ahead() -> None:
    work, read = Work(), []

    def calls() -> Iterator[Callable[[Ongoing], Any]]:
        for n in count():
            read.append(n)
            yield work.call(n)

    made = results(calls(), 2)
    assert (read, work.begun) == ([], 0)
    assert list(islice(made, 3)) == [0, 1, 2]
    assert len(read) <= 3 + 2 * 2


def test_an_error_is_raised_at_its_place_and_ends_the_rest() -> None:
    work = Work()
    calls = [work.call(0), work.call(ValueError("one")), *(work.call(n, 60) for n in range(3))]
    made = results(calls)
    seen: list[int] = []
    begun = time.monotonic()
    with pytest.raises(ValueError, match="one"):
        seen.extend(made)
    assert time.monotonic() - begun < 20
    assert work.running == 0


def test_errors_in_place_of_results() -> None:
    work = Work()
    found = list(results([work.call(0), work.call(ValueError("one")), work.call(2)], return_exceptions=True))
    assert (found[0], str(found[1]), found[2]) == (0, "one", 2)


def test_closing_ends_what_runs() -> None:
    work = Work()
    made = results([work.call(0), work.call(1, 60), work.call(2, 60)], 2)
    assert next(made) == 0
    eventually(lambda: work.running == 2, 10, "both run")
    made.close()
    assert (work.running, len(work.ended)) == (0, 2)


def test_a_bar_is_shown_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work()
    list(mapped([work.call(n, 0.4) for n in range(6)], 1, False, True, 6))
    assert "/6" in capsys.readouterr().err
    list(mapped([work.call(n) for n in range(3)], 1, False, None, 3))
    assert capsys.readouterr().err == ""


def test_no_calls_at_a_time_make_no_sense() -> None:
    with pytest.raises(ValueError, match="max_parallel=0"):
        results([], 0)
