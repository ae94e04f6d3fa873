"""Data files of the function, found under the relative paths that the notebook used."""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def link_files(function: str, files: Iterable[str], scratch: str) -> None:
    """Link ``files``, relative to the folder ``function``, into ``scratch`` at the same relative paths.

    Folders are real ones, so that code may write new files beside those that came along. What is there
    already (another worker's links, a call's own file) stays.
    """
    for file in files:
        place = f"{scratch}/{file}"
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(f"{function}/{file}", place)
