"""What a caller is told of a cell that failed: where, what, and the notebook as far as it ran."""

from __future__ import annotations

import re

import nbformat

from ..cgroups import Cgroup
from ..outcomes import CallFailed, format_size, out_of_memory, raise_memory
from ..progress import running
from .cells import first_line, numbered, tags_of
from .forms import IPYNB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbclient.exceptions import CellExecutionError

    Frame = dict[str, Any]

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# How IPython heads the frames of a traceback: cells by their execution count, files by their path.
IN_CELL = re.compile(r"\s*(?:Cell|Input) In ?\[(\d+)\], line (\d+)(?:, in (.+?)\()?")
IN_FILE = re.compile(r"File (.+?):(\d+)(?:, in (.+?)\()?")
MAX_FRAMES = 30
MAX_TEXT = 300
MAX_MESSAGE = 2000
# What Python and NumPy raise when they are refused memory.
NO_MEMORY = frozenset({"MemoryError", "_ArrayMemoryError", "ArrayMemoryError"})
ENDED = "The notebook's kernel ended: the cell, or native code that it called, has ended its process."


def cell_failed(
    notebook: Any, cell: Any, number: int, error: CellExecutionError, manifest: dict[str, Any]
) -> CallFailed:
    """The error of a cell that raised; ``number`` is the author's."""
    shown = next((output for output in cell.outputs if output.output_type == "error"), None)
    name = str(shown.ename if shown else error.ename)
    message = ANSI.sub("", str(shown.evalue if shown else error.evalue))[:MAX_MESSAGE]
    lines = ANSI.sub("", "\n".join(shown.traceback if shown else [error.traceback])).splitlines()
    frames = _frames(lines, notebook, manifest)
    line = next((f["cell_line"] for f in reversed(frames) if f.get("cell") == str(number)), None)
    place = f"cell {number}" + (f", line {line}" if line else "")
    code, detail = "handler-error", f"{name}: {message[:600]} ({place})" if message else f"{name} ({place})"
    figures = {"exception": name, "message": message, **_place(cell, number, line)}
    figures["traceback"] = frames or [text[:MAX_TEXT] for text in lines if text.strip()][-MAX_FRAMES:]
    cap, peak = Cgroup().memory_cap, Cgroup().memory_peak()
    if name in NO_MEMORY and cap:
        code, detail = "out-of-memory", f"{detail}. The memory cap is {format_size(cap)}. {raise_memory(cap)}"
        figures.update(cap_bytes=cap, peak_bytes=peak)
    return CallFailed(code, detail, *_attached(notebook, manifest), **figures)


def kernel_ended(
    notebook: Any, cell: Any, number: int, for_memory: bool, manifest: dict[str, Any]
) -> CallFailed:
    """The error of a cell that took its kernel along."""
    place = _place(cell, number, None)
    if for_memory:
        cgroup = Cgroup()
        outcome = out_of_memory(cgroup.memory_cap, cgroup.memory_peak())
        place.update(outcome["figures"])
        code, detail = outcome["code"], outcome["detail"]
    else:
        code, detail = "crashed", ENDED
    return CallFailed(code, f"{detail}{running(place)}", *_attached(notebook, manifest), **place)


def _place(cell: Any, number: int, line: int | None) -> dict[str, Any]:
    lines = cell.source.splitlines()
    known = line is not None and line <= len(lines)
    source = lines[line - 1] if known and line else first_line(cell)
    tags = [tag[:MAX_TEXT] for tag in tags_of(cell)][:MAX_FRAMES]
    return {"cell": number, "tags": tags, "line": line, "source": source.strip()[:MAX_TEXT]}


def _attached(notebook: Any, manifest: dict[str, Any]) -> tuple[bytes, str]:
    """The notebook as far as it ran, unless it is over the cap of results."""
    content = nbformat.writes(notebook).encode("utf-8", "replace")
    return (content, IPYNB) if len(content) <= manifest["caps"]["result_bytes"] else (b"", "")


def _frames(lines: list[str], notebook: Any, manifest: dict[str, Any]) -> list[Frame]:
    """The frames in a traceback of IPython's, innermost last; none in that of another kernel."""
    file = manifest["origin"].get("notebook") or manifest["notebook"]["file"]
    cells = _by_count(notebook)
    found: list[Frame] = []
    for text in lines:
        in_cell, in_file = IN_CELL.match(text), IN_FILE.match(text)
        if in_cell and int(in_cell[1]) in cells:
            number, source = cells[int(in_cell[1])]
            line = int(in_cell[2]) + _blank_lines(source)
            found.append(_frame(file, line, in_cell[3], _line(source, line)))
            found[-1].update(cell=str(number), cell_line=line)
        elif in_file:
            found.append(_frame(in_file[1], int(in_file[2]), in_file[3], ""))
    return found[-MAX_FRAMES:]


def _frame(file: str, line: int, function: str | None, text: str) -> Frame:
    return {"file": file[-200:], "line": line, "function": (function or "<module>")[:200], "text": text}


def _by_count(notebook: Any) -> dict[int, tuple[int, list[str]]]:
    """Number and lines of each cell that ran, by its execution count."""
    return {
        cell.execution_count: (number, cell.source.splitlines())
        for number, _, cell in numbered(notebook)
        if cell.cell_type == "code" and cell.execution_count
    }


def _blank_lines(source: list[str]) -> int:
    """IPython drops the empty lines at a cell's beginning before it counts."""
    return next((index for index, line in enumerate(source) if line.strip()), 0)


def _line(source: list[str], line: int) -> str:
    return source[line - 1].strip()[:MAX_TEXT] if 0 < line <= len(source) else ""
