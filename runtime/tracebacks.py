"""Tracebacks in the terms of the notebook: frames of the runtime left out, lines mapped to their cells."""

from __future__ import annotations

import linecache
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

OUTERMOST, INNERMOST = 10, 20
TEXT_CHARACTERS = 300
NAME_CHARACTERS = 200
RUNTIME = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Tracebacks:
    """Describes tracebacks of the function in ``handler``, whose ``segments`` came from cells."""

    def __init__(self, handler: str, segments: list[dict[str, Any]]) -> None:
        self._handler = handler
        self._segments = segments

    def describe(self, error: BaseException) -> list[dict[str, Any]]:
        """The frames that the error came through, innermost last; the middle of a long list is left out."""
        places = [place for place in _places(error.__traceback__) if not _is_ours(place[0])]
        if isinstance(error, SyntaxError) and error.filename and error.lineno:
            places.append((str(error.filename), int(error.lineno), "<module>"))
        if len(places) > OUTERMOST + INNERMOST:
            places = places[:OUTERMOST] + places[-INNERMOST:]
        return [self._frame(*place) for place in places]

    def place(self, frames: list[dict[str, Any]]) -> str:
        """The innermost line that the author wrote, e.g. ``cell In[5], line 3``; empty if there is none."""
        for frame in reversed(frames):
            if "cell" in frame:
                return f"cell {frame['cell']}, line {frame['cell_line']}"
        for frame in reversed(frames):
            if frame["file"] == self._handler:
                return f"handler.py, line {frame['line']}"
        return ""

    def _frame(self, file: str, line: int, function: str) -> dict[str, Any]:
        frame = {
            "file": file[-NAME_CHARACTERS:],
            "line": line,
            "function": function[:NAME_CHARACTERS],
            "text": linecache.getline(file, line).strip()[:TEXT_CHARACTERS],
        }
        for segment in self._segments if file == self._handler else ():
            if segment["line"] <= line < segment["line"] + segment["count"]:
                frame["cell"] = segment["cell"]
                frame["cell_line"] = segment["cell_line"] + line - segment["line"]
        return frame


def _places(traceback: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield code.co_filename, traceback.tb_lineno or 0, code.co_name
        traceback = traceback.tb_next


def _is_ours(file: str) -> bool:
    return file.startswith(RUNTIME)
