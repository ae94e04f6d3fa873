"""What the commands print: tables, JSON and errors. Data goes to stdout, all else to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.places import in_shell

__all__ = ["note", "paint", "print_error", "print_facts", "print_json", "print_result", "print_table"]

MOST_COLUMNS: Final = 12
WIDEST: Final = 1000
_COLOURS: Final = {"red": "31", "green": "32", "yellow": "33", "bold": "1"}


def print_json(value: Any) -> None:
    """``value`` for a program (and readable for a person)."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_result(value: Any) -> None:
    """The result of a call: for a terminal coloured, records as a table; else JSON."""
    if not _is_coloured(sys.stdout):
        print_json(value)
    elif (columns := _columns_of(value)) is not None:
        print_table(columns, [[_cell(record.get(name)) for name in columns] for record in value])
    else:
        from rich.console import Console  # only people need it

        Console().print_json(json.dumps(value, ensure_ascii=False))


def _columns_of(value: Any) -> list[str] | None:
    """The columns of a list of flat records; None for anything else."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) and one for one in value):
        return None
    columns = list(dict.fromkeys(str(name) for record in value for name in record))
    plain = all(not isinstance(one, dict | list) for record in value for one in record.values())
    return columns if plain and len(columns) <= MOST_COLUMNS else None


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns under a line of headings: in a terminal as wide as that, else aligned, a line for each row."""
    if _is_coloured(sys.stdout):
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        Console(width=WIDEST).print(table)  # what doesn't fit is for the terminal to wrap, not to cut off
        return
    cells = [list(columns), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_facts(facts: Mapping[str, object]) -> None:
    """One aligned ``name  value`` line per fact; what is None or empty is left out."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        if value not in (None, ""):
            first, *rest = str(value).splitlines()
            print(f"{name.ljust(width)}  {first}")
            for line in rest:
                print(f"{' ' * width}  {line}")


def note(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def print_error(error: FaasError, *, as_json: bool = False) -> None:
    """``error`` on stderr: title, detail, and what it knows about the place in the user's code."""
    if as_json:
        print(json.dumps(error.problem(), indent=2, ensure_ascii=False, default=str), file=sys.stderr)
        return
    note(paint(f"{error.title}.", "red", sys.stderr))
    for line in [*in_shell(error.detail).splitlines(), *_figures(error.figures, error.detail)]:
        note(f"  {line}")


def paint(text: str, colour: str, stream: TextIO) -> str:
    """``text`` coloured, if ``stream`` is a terminal whose user doesn't object (https://no-color.org)."""
    if not text or not _is_coloured(stream):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def _is_coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _figures(figures: Mapping[str, Any], detail: str) -> Iterable[str]:
    """What the figures add to ``detail``."""
    for fault in map(_fault, _sequence(figures.get("faults"))):
        if fault not in detail:
            yield f"- {fault}"
    for frame in _sequence(figures.get("traceback")):
        yield from _frame(frame)
    raised = ": ".join(str(figures[name]) for name in ("exception", "message") if figures.get(name))
    if raised not in detail:
        yield raised
    for line in _sequence(figures.get("log")):
        yield f"| {line}"
    if figures.get("notebook"):
        yield f"The notebook as far as it ran: GET {figures['notebook']}"


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str):
        return value.splitlines()
    return value if isinstance(value, list | tuple) else ()


def _fault(fault: Any) -> str:
    if not isinstance(fault, dict):
        return str(fault)
    path, message = fault.get("path"), fault.get("message") or fault.get("detail")
    return f"{path or '(the whole input)'}: {message}" if message else json.dumps(fault)


def _frame(frame: Any) -> Iterable[str]:
    if not isinstance(frame, dict):
        yield str(frame)
        return
    if frame.get("cell"):
        place = f"cell {frame['cell']}, line {frame.get('cell_line')}"
    else:
        place = f"{frame.get('file')}, line {frame.get('line')}"
    yield f"{place}, in {frame.get('function')}"
    if frame.get("text"):
        yield f"    {str(frame['text']).strip()}"
