"""A notebook in this process: a real IPython shell, without a front end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import jupyter_faas
from jupyter_faas.kernel.annotation import parse_annotation
from jupyter_faas.kernel.capture import Capture, capture
from jupyter_faas.model.bundle import Bundle

_CALL = """
import asyncio, importlib.util, inspect, json, sys
path, entry, arguments = sys.argv[1:]
spec = importlib.util.spec_from_file_location("handler", path)
module = importlib.util.module_from_spec(spec)
sys.modules["handler"] = module
spec.loader.exec_module(module)
result = getattr(module, entry)(**json.loads(arguments))
result = asyncio.run(result) if inspect.isawaitable(result) else result
print(json.dumps(result))
"""


class Notebook:
    """Runs cells as a kernel does and captures functions from them."""

    def __init__(self, shell: InteractiveShell, folder: Path) -> None:
        self.shell = shell
        self._folder = folder
        self._published = ""

    def run(self, *cells: str) -> None:
        """Run cells that must succeed."""
        for cell in cells:
            self.shell.run_cell(cell, store_history=True).raise_error()

    def run_failing(self, cell: str) -> BaseException:
        """Run a cell that must fail, and return what it raised."""
        result = self.shell.run_cell(cell, store_history=True)
        error: BaseException | None = result.error_in_exec or result.error_before_exec
        assert error is not None, "the cell did not fail"
        return error

    def capture(self, body: str, line: str = "") -> Capture:
        """Publish ``body`` (dry) and return the capture, raising what the magic raised."""
        self.run(f"%%publish --dry-run {line}\n{body}")
        return capture(self.shell, body, parse_annotation(line))

    def call(self, bundle: Bundle, **arguments: Any) -> Any:
        """Call the function where nothing of this notebook is: in a fresh Python with the handler's file."""
        path = self._folder / "handler.py"
        path.write_bytes(bundle.files["handler.py"])
        command = [sys.executable, "-I", "-c", _CALL, str(path), bundle.manifest.entry, json.dumps(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def publish_and_call(self, body: str, line: str = "", /, **arguments: Any) -> Any:
        """The result of the function captured from ``body``, called far from the notebook."""
        return self.call(self.capture(body, line).bundle, **arguments)


@contextmanager
def open_notebook(folder: Path) -> Iterator[Notebook]:
    """A fresh notebook with the extension loaded."""
    main = sys.modules["__main__"]
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    try:
        jupyter_faas.load_ipython_extension(shell)
        yield Notebook(shell, folder)
    finally:
        InteractiveShell.clear_instance()
        sys.modules["__main__"] = main
