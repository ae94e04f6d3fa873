"""``jupyter faas publish --no-execute``: publish a notebook from its source alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.cli.output import note
from jupyter_faas.cli.static import captures
from jupyter_faas.cli.static.source import AnnotatedCell
from jupyter_faas.cli.surroundings import importing_from
from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import ensure_gateway
from jupyter_faas.kernel.capture import Capture

__all__ = ["captured", "check_language", "publish_captured", "receipts_of"]

Captured = list[tuple[AnnotatedCell, Capture]]


def check_language(notebook: Any) -> None:
    """Raise ``UsageError`` for a notebook that isn't Python's."""
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise UsageError(
            f"--no-execute reads Python, and the notebook's language is {language}. --whole publishes "
            "a notebook in any language"
        )


def captured(notebook: Any, path: Path, only: str | None) -> Captured:
    """What the annotated cells publish; raises what can't be known from source, before anything is built.

    Files and modules are looked for beside the notebook, as its kernel does.
    """
    folder = path.resolve().parent
    with importing_from(folder), contextlib.chdir(folder):
        return captures(notebook, path.name, only)


def receipts_of(found: Captured) -> list[dict[str, Any]]:
    """What would be published, ``{"cell", "receipt"}`` each."""
    return [{"cell": cell.number, "receipt": capture.receipt.record()} for cell, capture in found]


def publish_captured(
    found: Captured,
    connection: Connection | None,
    begin: Callable[[str], None],
    aliases: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Publish all of it, one after the other; ``{"cell", "state", "publication"}`` each.

    ``begin`` is told the name of each before it is published; ``aliases`` are to lead to all of it.
    """
    answers = []
    for cell, capture in found:
        begin(capture.bundle.manifest.name)
        named = cell.annotation.gateway
        target = Connection.from_url(named) if named else connection or ensure_gateway(note)
        with GatewayClient(target) as gateway:
            named_aliases = (*cell.annotation.aliases, *aliases)
            answer = gateway.publish(
                capture.bundle, cell.annotation.environment, lambda *_: None, named_aliases
            )
        answers.append({"cell": cell.number, **answer})
    return answers
