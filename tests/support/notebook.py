"""Notebooks executed in a real kernel, against a gateway of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from tests.support.gateway import Gateway


def execute(notebook: Any, gateway: Gateway, folder: Path, allow_errors: bool = False) -> Any:
    """Execute a notebook in place, in ``folder``, in a kernel that finds ``gateway``; the notebook."""
    client = nbclient.NotebookClient(
        notebook, timeout=120, allow_errors=allow_errors, resources={"metadata": {"path": str(folder)}}
    )
    run_client(client, gateway.environment)
    return notebook


def run_client(client: nbclient.NotebookClient, environment: Mapping[str, str]) -> None:
    """Execute, in a second kernel if the first one has found one of its ports taken: Jupyter chooses them
    some time before the kernel opens them, and other tests run beside."""
    try:
        client.execute(env=dict(environment))
    except RuntimeError as error:
        if "died before replying to kernel_info" not in str(error):
            raise
        client.execute(env=dict(environment))


def notebook_of(cells: Iterable[str]) -> Any:
    """A notebook of code cells; the extension is loaded in a first one."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in ["%load_ext jupyter_faas", *cells]]
    return notebook


def read(path: Path) -> Any:
    """A notebook from disk."""
    return nbformat.read(path, as_version=4)


def text_of(cell: Any) -> str:
    """Everything that a cell shows to a person without a browser."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(output.get("text") or data.get("text/plain") or "\n".join(output.get("traceback", [])))
    return "\n".join(parts)
