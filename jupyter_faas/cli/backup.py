"""Commands that save and restore what a gateway of this machine knows."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from jupyter_faas.cli.arguments import Commands, UsageError, add_command
from jupyter_faas.cli.output import note, print_json
from jupyter_faas.client.connection import read_connection
from jupyter_faas.client.start import gateway_command
from jupyter_faas.model.connection import data_dir
from jupyter_faas.model.errors import InternalError, error_from_problem
from jupyter_faas.model.units import format_size

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    backup = add_command(
        commands,
        "backup",
        _backup,
        "save this machine's gateway in a file, also while it runs",
        description="The file holds the database, the bundles and the locks, with the values of the\n"
        "functions' environment: keep it as you keep passwords.",
    )
    restore = add_command(
        commands, "restore", _restore, "put a backup in place; images are built again when first needed"
    )
    restore.add_argument("--force", action="store_true", help="replace what is there")
    for parser in (backup, restore):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--data-dir", type=Path, metavar="FOLDER", help="the gateway's data (default: the last one's)"
        )


def _backup(arguments: argparse.Namespace) -> int:
    done = _run(arguments, "save")
    if arguments.json:
        print_json(done)
        return 0
    print(f"Saved {_counted(done)} in {done['file']} ({format_size(done['bytes'])}).")
    for digest in done["missing_bundles"]:
        note(f"The bundle {digest[:19]} of a version is gone, and so isn't in the backup.")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    done = _run(arguments, "restore", *(["--force"] if arguments.force else []))
    if arguments.json:
        print_json(done)
        return 0
    print(f"Restored {_counted(done)} of {done['created']} to {done['data_dir']}.")
    return 0


def _run(arguments: argparse.Namespace, action: str, *options: str) -> dict[str, Any]:
    if arguments.gateway:
        raise UsageError("a backup works on a folder of this machine: leave --gateway out")
    folder = str((arguments.data_dir or _folder()).absolute())
    command = gateway_command(
        action,
        *options,
        "--data-dir",
        folder,
        "--",
        str(arguments.file.absolute()),
        module="jupyter_faas.gateway.backup",
    )
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise InternalError(
            f"The {action} ended with status {done.returncode} and without a word."
        ) from error
    if "problem" in answer:
        raise error_from_problem(answer["problem"])
    return answer


def _folder() -> Path:
    last = None if os.environ.get("FAAS_DATA_DIR") else read_connection()
    return Path(last.data_dir) if last else data_dir()


def _counted(done: dict[str, Any]) -> str:
    functions, versions = done["functions"], done["versions"]
    return f"{functions} function{'s' * (functions != 1)} ({versions} version{'s' * (versions != 1)})"
