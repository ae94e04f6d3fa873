"""``jupyter faas publish NOTEBOOK``: execute a notebook and publish its annotated cells."""

from __future__ import annotations

import argparse
import copy
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_faas.cli.arguments import Commands, UsageError, add_command
from jupyter_faas.cli.output import note, paint, print_json, print_table
from jupyter_faas.cli.progress import progress_bar
from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import find_gateway
from jupyter_faas.model.aliases import check_alias
from jupyter_faas.model.errors import GatewayUnavailable, MalformedRequest

if TYPE_CHECKING:
    from jupyter_faas.cli.notebook import CellFailure

__all__ = ["add_commands"]

LINE_CHARACTERS: Final = 60


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    publish = add_command(
        commands,
        "publish",
        _publish,
        "execute a notebook and publish its functions",
        description="Runs every cell in a kernel of its own. The %%publish cells publish as in a notebook;\n"
        "cells that begin with `#| publish OPTIONS`, or have the tag `publish` (and options in their\n"
        "metadata `faas`), are published after they ran.\n"
        "With --whole, the notebook itself is published and each call runs it; all options of %%publish can\n"
        "be given then.",
    )
    publish.add_argument("notebook", metavar="NOTEBOOK", type=Path)
    publish.add_argument("--cell", metavar="NAME", help="publish only the function of this name")
    publish.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value (JSON, else text) for the cell tagged `parameters`; repeatable",
    )
    publish.add_argument(
        "--dry-run", action="store_true", help="show what would be published; publish nothing"
    )
    publish.add_argument(
        "--no-execute",
        dest="execute",
        action="store_false",
        help="run nothing: publish what the source alone tells, refuse what it doesn't",
    )
    publish.add_argument(
        "--whole",
        dest="takes_rest",
        action="store_true",
        help="publish the whole notebook; its cell tagged `parameters` says what a call gives",
    )
    publish.add_argument(
        "--alias",
        dest="aliases",
        action="append",
        default=[],
        metavar="ALIAS",
        type=_alias,
        help="an alias, such as prod, that is to lead to what is published; repeatable",
    )
    publish.add_argument("--name", metavar="NAME", help="with --whole: the function's (default: the file's)")
    publish.add_argument(
        "--timeout", metavar="SECONDS", help="for one cell (default: none); with --whole: for one call, as 5m"
    )
    publish.add_argument("--output", type=Path, metavar="FILE", help="write the executed notebook to FILE")


def _publish(arguments: argparse.Namespace) -> int:
    _leave_out_iri_syntax()
    if arguments.takes_rest:
        from jupyter_faas.cli.parameters import parameters_of
        from jupyter_faas.cli.whole import publish_whole

        return publish_whole(arguments, parameters_of(arguments.param))
    if arguments.name is not None:
        raise UsageError("--name is for --whole: a cell names its function itself")
    from jupyter_faas.cli.notebook import (
        publications,
        receipts,
        run_notebook,
    )  # Jupyter's machinery: half a second

    notebook = _read(arguments.notebook)
    folder = arguments.notebook.resolve().parent
    connection = Connection.from_url(arguments.gateway) if arguments.gateway else None
    if arguments.param:
        from jupyter_faas.cli.parameters import parameters_of, with_parameters

        notebook = with_parameters(notebook, parameters_of(arguments.param))
    if not arguments.execute:
        return _publish_unexecuted(notebook, connection, arguments)
    before = _versions(connection)
    environment = _environment(connection, arguments)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    timeout = _seconds(arguments.timeout)
    with progress_bar(len(cells), "cell") as begin:
        failure = run_notebook(
            notebook,
            folder,
            environment,
            timeout,
            lambda _, cell: begin(_first_line(cell)),
            lambda one: _calls_the_unpublished(one, arguments),
        )
    if arguments.output:
        _write(notebook, arguments.output)
    if arguments.dry_run:
        return _show(receipts(notebook), failure, arguments)
    published = publications(notebook) or [
        one  # others may publish at the same time
        for one in _changed(before, _versions(connection))
        if arguments.cell in (None, one["publication"]["function"])
    ]
    if arguments.json:
        print_json({"published": published, "error": asdict(failure) if failure else None})
    else:
        _report(published)
        _explain(failure, published, arguments.cell)
    return 0 if published and failure is None else 1


def _calls_the_unpublished(failure: CellFailure, arguments: argparse.Namespace) -> bool:
    """Whether a cell failed because this run doesn't publish the function that it calls; says so."""
    if not arguments.dry_run and arguments.cell is None:
        return False
    if failure.exception not in ("NotFound", "GatewayUnavailable"):
        return False
    first = failure.message.partition("\n")[0]
    note(f"Cell {failure.cell} calls what is not published in this run, and was passed over: {first}")
    return True


def _alias(text: str) -> str:
    try:
        return check_alias(text)
    except MalformedRequest as error:
        raise argparse.ArgumentTypeError(error.detail) from error


def _seconds(timeout: str | None) -> int | None:
    if timeout is None or timeout.isdigit():
        return None if timeout is None else int(timeout)
    raise UsageError(f"--timeout {timeout}: write a number of seconds")


def _publish_unexecuted(notebook: Any, connection: Connection | None, arguments: argparse.Namespace) -> int:
    from jupyter_faas.cli.surroundings import run_in_kernels_python
    from jupyter_faas.cli.without_execution import captured, check_language, publish_captured, receipts_of

    if arguments.output:
        raise UsageError(
            "--output writes the executed notebook, and --no-execute runs nothing: leave one out"
        )
    check_language(notebook)
    elsewhere = run_in_kernels_python(notebook.metadata.get("kernelspec", {}).get("name", "python3"))
    if elsewhere is not None:
        return elsewhere
    found = captured(notebook, arguments.notebook, arguments.cell)
    if arguments.dry_run:
        return _show(receipts_of(found), None, arguments)
    to_publish = [one for one in found if not one[0].annotation.dry_run]
    with progress_bar(len(to_publish), "function") as begin:
        published = publish_captured(to_publish, connection, begin, arguments.aliases)
    if arguments.json:
        print_json({"published": published, "error": None})
    else:
        _report(published)
        _explain(None, published, arguments.cell)
    return 0 if published else 1


def _show(shown: list[dict[str, Any]], failure: CellFailure | None, arguments: argparse.Namespace) -> int:
    """What a dry run found."""
    if arguments.json:
        print_json({"receipts": shown, "error": asdict(failure) if failure else None})
    else:
        for record in shown:
            print(f"Cell {record['cell']} would publish {record['receipt']['function']}:")
            print(record["receipt"]["text"])
        _explain(failure, shown, arguments.cell)
    return 0 if shown and failure is None else 1


def _leave_out_iri_syntax() -> None:
    """Make this process's import of nbformat two seconds shorter, where Jupyter's server is installed.

    jsonschema imports this package, if it is there, for formats that no notebook's schema has, and that
    compiles a grammar.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault("rfc3987_syntax", None)  # then importing it is an ImportError, which is expected


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

    from jupyter_faas.cli.notebook import INSERTED

    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.metadata.pop(INSERTED, None)
    try:
        nbformat.write(notebook, path)
    except OSError as error:
        raise UsageError(f"--output {path} can't be written: {error.strerror}") from error


def _environment(connection: Connection | None, arguments: argparse.Namespace) -> dict[str, str]:
    """The kernel's environment, in which the magics find the gateway asked for, and what to publish.

    The notebook is named as Jupyter's server does it.
    """
    from jupyter_faas.kernel.choice import ALIASES, DRY_RUN, ONLY

    environment = {**os.environ, "JPY_SESSION_NAME": str(arguments.notebook.resolve())}
    if arguments.cell is not None:
        environment[ONLY] = arguments.cell
    if arguments.dry_run:
        environment[DRY_RUN] = "1"
    if arguments.aliases:
        environment[ALIASES] = ",".join(arguments.aliases)
    if connection is not None:
        environment |= {"FAAS_GATEWAY": connection.url, "FAAS_TOKEN": connection.token}
    return environment


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


def _first_line(cell: Any) -> str:
    return str(cell.source.strip().splitlines()[0])[:LINE_CHARACTERS]


def _report(published: list[dict[str, Any]]) -> None:
    rows = []
    for record in published:
        publication = record["publication"]
        rows.append((publication["function"], publication["version"], record["state"], publication["url"]))
    if rows:
        print_table(("FUNCTION", "VERSION", "STATE", "URL"), rows)


def _explain(failure: CellFailure | None, published: list[dict[str, Any]], wanted: str | None) -> None:
    if failure is None:
        if not published and wanted is not None:
            note(f"No function was published: no annotated cell gives one named {wanted} (--cell).")
        elif not published:
            note(
                "No function was published: the notebook has no annotated cell. Begin one with "
                "`#| publish`, or publish the notebook itself with --whole."
            )
        return
    place = f"Cell {failure.cell}" + (f", line {failure.line}" if failure.line else "")
    note(paint(f"{place} failed; the cells after it did not run.", "red", sys.stderr))
    note(f"    {failure.source}")
    first, *rest = failure.message.splitlines() or [""]
    for line in [f"{failure.exception}: {first}", *rest]:
        note(f"  {line}")
    if failure.exception == "UsageError" and "%publish` not found" in failure.message:
        note("  Put a cell with `%load_ext jupyter_faas` before the first %%publish.")
