"""The notebook as far as it has run, handed over while it runs: a killed worker can't do it any more."""

from __future__ import annotations

import asyncio
import json

from ..progress import MAX_PIECES
from .cells import first_line, tags_of
from .forms import IPYNB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Report = Callable[..., None]

LOOK_SECONDS = 1.0  # how old what is kept of a running cell can be
MAX_TEXT = 300


class Draft:
    """Reports ``notebook`` to ``report`` in pieces: what is around the cells, and each cell as it has run.

    A notebook that is over ``cap`` bytes before it runs isn't kept, nor the outputs with which it gets there;
    which cell runs is told all the same.
    """

    def __init__(self, notebook: Any, cap: int, report: Report) -> None:
        self._cells = notebook.cells
        self._report = report
        around = _encoded({key: value for key, value in notebook.items() if key != "cells"})
        self._sent = [around[:-1] + b', "cells": [', *map(self._piece, range(len(self._cells))), b"]}"]
        self._size = sum(map(len, self._sent))
        self._cap = cap
        self._kept = self._size <= cap and len(self._sent) <= MAX_PIECES
        if self._kept:
            pieces = list(map(len, self._sent))
            report({"type": IPYNB, "pieces": pieces}, b"".join(self._sent))

    async def kept(self, work: Awaitable[Any], number: int, index: int) -> None:
        """Await ``work``, which runs the cell at ``index``; its outputs are reported as they come, and in the
        end."""
        cell = self._cells[index]
        tags = [tag[:MAX_TEXT] for tag in tags_of(cell)]
        self._report({"step": {"cell": number, "tags": tags, "source": first_line(cell)[:MAX_TEXT]}})
        running = asyncio.ensure_future(work)
        while not running.done():
            await asyncio.wait({running}, timeout=LOOK_SECONDS)
            self._renew(index)
        await running
        self._report({"step": {}})

    def _renew(self, index: int) -> None:
        piece, before = self._piece(index), self._sent[index + 1]
        size = self._size - len(before) + len(piece)
        if self._kept and piece != before and size <= self._cap:
            self._sent[index + 1], self._size = piece, size
            self._report({"piece": index + 1}, piece)

    def _piece(self, index: int) -> bytes:
        return _encoded(self._cells[index]) + (b"," if index + 1 < len(self._cells) else b"")


def _encoded(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
