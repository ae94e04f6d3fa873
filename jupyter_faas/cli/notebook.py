"""Executing a notebook in a kernel, cell by cell, and reading what its cells published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.kernel.annotated import options_of
from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.media import PUBLICATION

__all__ = ["CellFailure", "annotated_cells", "numbered", "publications", "receipts", "run_notebook"]

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_IN_KERNEL: Final = "__import__('jupyter_faas.kernel.magics', fromlist=['*'])"
_CELL_LINE: Final = re.compile(r"^\s*Cell In ?\[(\d+)\], line (\d+)", re.MULTILINE)


INSERTED: Final = "faas_inserted"
"""Marks, while a notebook runs, a cell that is not its author's."""


@dataclass(frozen=True)
class CellFailure:
    """A cell that could not be executed; ``cell`` counts from 1, ``line`` is None where it isn't known."""

    cell: int
    line: int | None
    source: str
    exception: str
    message: str


def run_notebook(
    notebook: Any,
    folder: Path,
    environment: Mapping[str, str],
    timeout_seconds: int | None,
    on_cell: Callable[[int, Any], None],
    passed_over: Callable[[CellFailure], bool],
) -> CellFailure | None:
    """Execute ``notebook`` in place in a kernel of its own that runs in ``folder``.

    Cells annotated without a magic are published after they ran. Stops at the first failure that is not
    ``passed_over`` and returns what went wrong there. ``on_cell`` is told the number (from 1) of each code
    cell before it runs; ``timeout_seconds`` is for one cell. Raises ``UsageError`` if the notebook's kernel
    can't be had.
    """
    annotated = annotated_cells(notebook)
    client = NotebookClient(notebook, timeout=timeout_seconds, resources={"metadata": {"path": str(folder)}})
    with ExitStack() as stack:
        try:
            # ipykernel warns of each kernel that listens on loopback, which is how all of Jupyter's do.
            if client.create_kernel_manager().ipykernel:
                client.extra_arguments = ["--log-level=ERROR"]
            stack.enter_context(client.setup_kernel(env=dict(environment)))
        except (NoSuchKernel, RuntimeError) as error:
            raise UsageError(
                f"the kernel can't be started: {error}. See what there is with `jupyter kernelspec list`"
            ) from error
        for index, (number, cell) in enumerate(numbered(notebook)):
            if cell.cell_type == "code" and cell.source.strip():
                on_cell(number, cell)
                failure = _run(client, index, number, cell, annotated.get(index))
                if failure and not passed_over(failure):
                    return failure
    return None


def numbered(notebook: Any) -> Iterator[tuple[int, Any]]:
    """The cells with their numbers in the author's file, from 1; one put in by us has that before it."""
    number = 0
    for cell in notebook.cells:
        number += not cell.metadata.get(INSERTED, False)
        yield number, cell


def annotated_cells(notebook: Any) -> dict[int, list[str]]:
    """The options of the cells annotated without a magic, by index.

    Raises ``AnnotationError`` naming the first cell whose options can't be read.
    """
    found = {}
    for index, (number, cell) in enumerate(numbered(notebook)):
        try:
            words = options_of(cell.source, cell.metadata) if cell.cell_type == "code" else None
        except AnnotationError as error:
            raise AnnotationError(f"Cell {number}: {error.detail}") from error
        if words is not None:
            found[index] = words
    return found


def publications(notebook: Any) -> list[dict[str, Any]]:
    """What ``%%publish`` said in an executed notebook: ``{"cell", "state", "publication"}`` each."""
    return [record for record in _records(notebook) if record.get("publication")]


def receipts(notebook: Any) -> list[dict[str, Any]]:
    """What ``%%publish`` would have published, after a dry run: ``{"cell", "receipt"}`` each."""
    return [
        {"cell": record["cell"], "receipt": record["receipt"]}
        for record in _records(notebook)
        if record.get("state") == "dry-run"
    ]


def _records(notebook: Any) -> Iterator[dict[str, Any]]:
    for number, cell in numbered(notebook):
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(PUBLICATION)
            if isinstance(record, dict):
                yield {"cell": number, **record}


def _run(
    client: NotebookClient, index: int, number: int, cell: Any, words: list[str] | None
) -> CellFailure | None:
    """Execute a cell and, if it is annotated with ``words``, publish it in the same kernel."""
    if words is None:
        return _execute(client, index, number, cell)
    return (
        _beside(client, f"{_IN_KERNEL}.prepare_annotated({cell.source!r}, {words!r})", number, cell)
        or _execute(client, index, number, cell)
        or _beside(client, f"{_IN_KERNEL}.publish_annotated({cell.source!r}, {words!r})", number, cell)
    )


def _beside(client: NotebookClient, code: str, number: int, cell: Any) -> CellFailure | None:
    """Execute ``code`` of our own, kept out of the kernel's history; what it shows goes to ``cell``."""
    hidden = nbformat.v4.new_code_cell(code)
    # At the end of the notebook for as long as it runs: nbclient updates displays by a cell's index.
    client.nb.cells.append(hidden)
    try:
        client.execute_cell(hidden, len(client.nb.cells) - 1, store_history=False)
    except CellExecutionError as error:
        return CellFailure(number, None, _first_line(cell), error.ename, error.evalue)
    except (CellTimeoutError, DeadKernelError) as error:
        return CellFailure(number, None, _first_line(cell), type(error).__name__, str(error).splitlines()[0])
    finally:
        client.nb.cells.pop()
        cell.setdefault("outputs", []).extend(hidden.outputs)
    return None


def _execute(client: NotebookClient, index: int, number: int, cell: Any) -> CellFailure | None:
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        return _failure(number, cell, error)
    except CellTimeoutError:
        message = f"The cell did not end within {client.timeout} s (--timeout)."
        return CellFailure(number, None, _first_line(cell), "Timeout", message)
    except DeadKernelError:
        message = "The kernel ended while it ran the cell; the machine may have been out of memory."
        return CellFailure(number, None, _first_line(cell), "KernelDied", message)
    return None


def _failure(number: int, cell: Any, error: CellExecutionError) -> CellFailure:
    # A cell magic that runs its body shows the body's error first, and then ends with one of its own.
    shown = [output for output in cell.outputs if output.output_type == "error"]
    first = shown[0] if shown else None
    exception = first.ename if first else error.ename
    message = first.evalue if first else error.evalue
    traceback = "\n".join(first.traceback) if first else error.traceback
    lines = cell.source.splitlines()
    line = _failing_line(_ANSI.sub("", traceback), cell.execution_count)
    if line is not None:
        line += _lines_before_code(lines, body=len(shown) > 1)
    if line is None or line > len(lines):
        return CellFailure(number, None, _first_line(cell), exception, message)
    return CellFailure(number, line, lines[line - 1].strip(), exception, message)


def _lines_before_code(lines: list[str], *, body: bool) -> int:
    """How many lines of a cell IPython left out before it counted: empty ones, the magic before a body."""
    before = _empty_lines(lines)
    if body and lines[before].startswith("%%"):
        before += 1 + _empty_lines(lines[before + 1 :])
    return before


def _empty_lines(lines: list[str]) -> int:
    return next((index for index, line in enumerate(lines) if line.strip()), 0)


def _failing_line(traceback: str, execution_count: int | None) -> int | None:
    """The innermost line of the traceback that is one of the cell itself."""
    # The body that a cell magic runs bears the number of the cell to come.
    own = {execution_count, (execution_count or 0) + 1}
    places = [int(line) for count, line in _CELL_LINE.findall(traceback) if int(count) in own]
    return places[-1] if places else None


def _first_line(cell: Any) -> str:
    return str(cell.source.strip().splitlines()[0])
