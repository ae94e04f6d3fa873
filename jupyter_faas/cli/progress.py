"""A progress bar while a notebook runs, for a person at a terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["progress_bar"]

_FORM: Final = "{percentage:3.0f}% |{bar:20}| {n_fmt}/{total_fmt} {unit}s, {elapsed}  {desc}"


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[[str], None]]:
    """A bar of ``total`` units on stderr; call what it gives with a few words as each begins.

    It is gone when all is done. Where stderr is no terminal nothing is shown.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    width, height = shutil.get_terminal_size()  # tqdm takes a terminal that doesn't tell for one without room
    with tqdm(total=total, unit=unit, leave=False, bar_format=_FORM, ncols=width, nrows=height) as bar:
        begun = 0

        def begin(words: str) -> None:
            nonlocal begun
            bar.set_description_str(words, refresh=False)
            bar.update(1 if begun else 0)
            bar.refresh()
            begun += 1

        yield begin
        bar.update(total - bar.n)
