"""Jupyter Kernel Gateway in its notebook-http mode, on a notebook of the functions."""

from __future__ import annotations

import runpy
import sys

import nbformat

NOTEBOOK = "/tmp/gateway.ipynb"
BEFORE = "import json, sys; sys.path.insert(0, '/peer'); import functions"
CELL = """# POST /{name}
print(json.dumps(functions.{name}(**json.loads(REQUEST)["body"])))"""


def main(port: str) -> None:
    """Write the notebook, then become the server."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    sources = [BEFORE, *(CELL.format(name=name) for name in ("echo", "quantile", "describe"))]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(notebook, NOTEBOOK)
    settings = {
        "api": "kernel_gateway.notebook_http",
        "seed_uri": NOTEBOOK,
        "ip": "127.0.0.1",
        "port": port,
        "log_level": "ERROR",
    }
    sys.argv[1:] = [f"--KernelGatewayApp.{name}={value}" for name, value in settings.items()]
    runpy.run_module("kernel_gateway", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
