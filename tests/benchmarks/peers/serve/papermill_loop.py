"""papermill serves nothing: what executing a notebook with parameters takes, a line of seconds each time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import nbformat
import papermill

CELLS = ["import sys; sys.path.insert(0, '/peer'); import functions", "arguments = {}", ""]


def notebook_of(name: str, path: Path) -> None:
    """A notebook that calls the function ``name`` with its parameter."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook.cells[1].metadata["tags"] = ["parameters"]
    notebook.cells[2].source = f"functions.{name}(**arguments)"
    nbformat.write(notebook, path)


def main(name: str, times: int, arguments: str) -> None:
    """Execute it ``times`` times."""
    source = Path("/tmp/source.ipynb")
    notebook_of(name, source)
    for _ in range(times):
        begun = time.perf_counter()
        papermill.execute_notebook(
            source,
            "/tmp/result.ipynb",
            {"arguments": json.loads(arguments)},
            progress_bar=False,
        )
        print(time.perf_counter() - begun, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
