"""``jupyter faas publish NOTEBOOK --whole``: the notebook itself as a function."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.cli.output import note, print_json, print_table
from jupyter_faas.cli.progress import progress_bar
from jupyter_faas.cli.surroundings import importing_from, run_in_kernels_python
from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import ensure_gateway
from jupyter_faas.kernel.whole.capture import Proof, annotation_of, capture_notebook
from jupyter_faas.kernel.whole.source import read_notebook

__all__ = ["publish_whole"]

_STEPS: Final = {
    "environment": "installing packages",
    "image": "making the image",
    "check": "checking it",
    "live": "going live",
}


def publish_whole(arguments: argparse.Namespace, values: Mapping[str, Any]) -> int:
    """Publish the notebook, or show what would be; ``values`` are those of its proof. The exit status."""
    path: Path = arguments.notebook
    for option in ("cell", "output"):
        if getattr(arguments, option) is not None:
            raise UsageError(
                f"--{option} is for notebooks that are run here; --whole publishes one to be run"
            )
    words = [
        *([arguments.name] if arguments.name else []),
        *_timeout(arguments),
        *_aliases(arguments),
        *arguments.rest,
    ]
    notebook = read_notebook(path)
    annotation = annotation_of(notebook, words)
    elsewhere = run_in_kernels_python(notebook.kernel) if notebook.is_python else None
    if elsewhere is not None:
        return elsewhere
    with importing_from(path.resolve().parent):
        captured = capture_notebook(path, words, Proof(arguments.execute, values))
    if arguments.dry_run or annotation.dry_run:
        return _show(captured.receipt, arguments.json)
    if not arguments.json:
        note(captured.receipt.text())
    target = annotation.gateway or arguments.gateway
    connection = Connection.from_url(target) if target else ensure_gateway(note)
    with GatewayClient(connection) as gateway, progress_bar(len(_STEPS), "step") as begin:
        answer = gateway.publish(captured.bundle, annotation.environment, _steps(begin), annotation.aliases)
    if arguments.json:
        print_json({"published": [{"cell": None, **answer}], "error": None})
    else:
        publication = answer["publication"]
        row = (publication["function"], publication["version"], answer["state"], publication["url"])
        print_table(("FUNCTION", "VERSION", "STATE", "URL"), [row])
    return 0


def _timeout(arguments: argparse.Namespace) -> list[str]:
    """The command's own ``--timeout`` is the cap of a call here; a plain number counts seconds."""
    if arguments.timeout is None:
        return []
    return ["--timeout", f"{arguments.timeout}s" if arguments.timeout.isdigit() else arguments.timeout]


def _aliases(arguments: argparse.Namespace) -> list[str]:
    return [word for alias in arguments.aliases for word in ("--alias", alias)]


def _show(receipt: Any, as_json: bool) -> int:
    if as_json:
        print_json({"receipts": [{"cell": None, "receipt": receipt.record()}], "error": None})
    else:
        print(f"The notebook would publish {receipt.function}:")
        print(receipt.text())
    return 0


def _steps(begin: Callable[[str], None]) -> Callable[[str, Mapping[str, Any]], None]:
    """Tells ``begin`` of each step of a build as it begins."""

    def told(event: str, data: Mapping[str, Any]) -> None:
        if event == "step" and data.get("state") == "started":
            begin(_STEPS.get(data["step"], data["step"]))

    return told
