"""``jupyter faas publish NOTEBOOK``: execute a notebook, whose ``%%publish`` cells publish themselves."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_faas.cli.arguments import Commands, UsageError, add_command
from jupyter_faas.cli.output import note, paint, print_json, print_table
from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import find_gateway
from jupyter_faas.model.errors import GatewayUnavailable

if TYPE_CHECKING:
    from jupyter_faas.cli.notebook import CellFailure

__all__ = ["add_commands"]

LINE_CHARACTERS: Final = 80


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    publish = add_command(
        commands,
        "publish",
        _publish,
        "execute a notebook and publish its functions",
        description="Runs every cell in a kernel of its own; the %%publish cells publish as in a notebook.",
    )
    publish.add_argument("notebook", metavar="NOTEBOOK", type=Path)
    publish.add_argument("--timeout", type=int, metavar="SECONDS", help="for one cell (default: none)")
    publish.add_argument("--output", type=Path, metavar="FILE", help="write the executed notebook to FILE")


def _publish(arguments: argparse.Namespace) -> int:
    from jupyter_faas.cli.notebook import publications, run_notebook  # Jupyter's machinery: half a second

    notebook = _read(arguments.notebook)
    folder = arguments.notebook.resolve().parent
    connection = Connection.from_url(arguments.gateway) if arguments.gateway else None
    before = _versions(connection)
    failure = run_notebook(notebook, folder, _environment(connection), arguments.timeout, _progress(notebook))
    if arguments.output:
        _write(notebook, arguments.output)
    published = publications(notebook) or _changed(before, _versions(connection))
    if arguments.json:
        print_json({"published": published, "error": asdict(failure) if failure else None})
    else:
        _report(published)
        _explain(failure, published)
    return 0 if published and failure is None else 1


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, nbformat.ValidationError) as error:
        raise UsageError(f"{path} is not a notebook: {str(error).splitlines()[0]}") from error


def _write(notebook: Any, path: Path) -> None:
    import nbformat

    try:
        nbformat.write(notebook, path)
    except OSError as error:
        raise UsageError(f"--output {path} can't be written: {error.strerror}") from error


def _environment(connection: Connection | None) -> dict[str, str]:
    """The kernel's environment, in which the magics find the gateway asked for."""
    if connection is None:
        return dict(os.environ)
    return {**os.environ, "FAAS_GATEWAY": connection.url, "FAAS_TOKEN": connection.token}


def _versions(connection: Connection | None) -> dict[str, dict[str, Any]]:
    """The functions there are, by name; none while no gateway runs."""
    try:
        connection = connection or find_gateway()
        if connection is None:
            return {}
        with GatewayClient(connection) as client:
            return {function["name"]: function for function in client.functions()}
    except GatewayUnavailable:
        return {}


def _changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was published, judged by the lists alone: for cells whose display says nothing."""
    return [
        {
            "cell": None,
            "state": "live",
            "publication": {
                "function": name,
                **{key: function[key] for key in ("version", "digest", "url")},
            },
        }
        for name, function in after.items()
        if name not in before or before[name]["version"] != function["version"]
    ]


def _progress(notebook: Any) -> Callable[[int, Any], None]:
    def show(number: int, cell: Any) -> None:
        if sys.stderr.isatty():
            line = cell.source.strip().splitlines()[0][:LINE_CHARACTERS]
            note(f"[{number}/{len(notebook.cells)}] {line}")

    return show


def _report(published: list[dict[str, Any]]) -> None:
    rows = []
    for record in published:
        publication = record["publication"]
        rows.append((publication["function"], publication["version"], record["state"], publication["url"]))
    if rows:
        print_table(("FUNCTION", "VERSION", "STATE", "URL"), rows)


def _explain(failure: CellFailure | None, published: list[dict[str, Any]]) -> None:
    if failure is None:
        if not published:
            note("No function was published: the notebook has no %%publish cell that ran.")
        return
    place = f"Cell {failure.cell}" + (f", line {failure.line}" if failure.line else "")
    note(paint(f"{place} failed; the cells after it did not run.", "red", sys.stderr))
    note(f"    {failure.source}")
    first, *rest = failure.message.splitlines() or [""]
    for line in [f"{failure.exception}: {first}", *rest]:
        note(f"  {line}")
    if failure.exception == "UsageError" and "%publish` not found" in failure.message:
        note("  Put a cell with `%load_ext jupyter_faas` before the first %%publish.")
