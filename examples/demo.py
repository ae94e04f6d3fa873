"""The whole way in one go: publish the quickstart's functions from a real kernel and call them.

`make demo` runs this. Uses the gateway that runs, or starts one and stops it in the end; with --keep it and
the functions stay.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from jupyter_faas.client import GatewayClient
from jupyter_faas.client.connection import ensure_gateway, find_gateway

HERE = Path(__file__).parent
FUNCTIONS = ("TestFn", "summarize", "totals")


def say(text: str) -> None:
    """Print a headline at once, also into a pipe."""
    print(f"\n── {text}", flush=True)


def publish() -> None:
    """Execute the notebook in a real kernel and show what its publishing cells printed."""
    notebook = nbformat.read(HERE / "quickstart.ipynb", as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}})
    # ipykernel warns of each kernel that listens on loopback, which is how all of Jupyter's do.
    client.extra_arguments = ["--log-level=ERROR"]
    begun = time.perf_counter()
    try:
        client.execute()
    finally:
        show_panels(notebook)
    print(f"The notebook ran in {time.perf_counter() - begun:.1f} s.")


def show_panels(notebook: Any) -> None:
    """Print what the publishing cells display."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("%%publish"):
            for output in cell.outputs:
                print(output.get("data", {}).get("text/plain", output.get("text", "")))


def show_logs(client: GatewayClient) -> None:
    """Print what TestFn logged."""
    for entry in client.logs("TestFn"):
        print(f"    {entry['time']}  {entry['stream']:7} {entry['text']}")


def main() -> None:
    """Publish, call, show the logs, and leave nothing behind unless asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the gateway and the functions running")
    keep = parser.parse_args().keep

    was_running = find_gateway() is not None
    connection = ensure_gateway(log=print)
    client = GatewayClient(connection)
    before = {function["name"] for function in client.functions()}
    try:
        say("Publishing the functions of examples/quickstart.ipynb")
        publish()
        say("Calling them from a separate program, examples/call_quickstart.py")
        caller = [sys.executable, str(HERE / "call_quickstart.py"), connection.url, connection.token]
        subprocess.run(caller, check=True)
        say("What TestFn logged")
        show_logs(client)
    finally:
        if keep:
            say(f"Left running at {connection.url}. `jupyter faas stop` ends it.")
        else:
            for name in set(FUNCTIONS) - before & {f["name"] for f in client.functions()}:
                client.delete(name)
            if not was_running:
                client.shutdown()
                say("The gateway that was started here has been stopped.")


if __name__ == "__main__":
    main()
