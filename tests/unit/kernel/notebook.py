"""A notebook in this process: a real IPython shell, without a front end."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
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
from jupyter_faas.model.manifest import MANIFEST_FILE

RUNTIME = Path(__file__).parents[3] / "runtime"

_CALL = """
import asyncio, inspect, json, os, sys
root, arguments = sys.argv[1:]
sys.path.insert(0, root)
from faas_runtime import files, loading
sys.path.remove(root)
manifest = loading.read_manifest(root)
files.link_files(f"{root}/function", manifest["files"], os.getcwd())
loading.prepare_path(root)
result = loading.import_entry(root, manifest["entry"])(**json.loads(arguments))
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

    def ignore_magics(self, *names: str) -> None:
        """Let these line magics do nothing."""
        for name in names:
            cell = f"get_ipython().register_magic_function(lambda _: None, 'line', {name!r})"
            self.shell.run_cell(cell, store_history=False).raise_error()

    def capture(self, body: str, line: str = "") -> Capture:
        """Publish ``body`` (dry) and return the capture, raising what the magic raised."""
        self.run(f"%%publish --dry-run {line}\n{body}")
        return capture(self.shell, body, parse_annotation(line))

    def call(self, bundle: Bundle, **arguments: Any) -> Any:
        """Call the function where nothing of this notebook is: in a fresh Python with the bundle's files."""
        done = self.run_bundle(bundle, **arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def run_bundle(self, bundle: Bundle, **arguments: Any) -> subprocess.CompletedProcess[str]:
        """Load and call the function as an image does, apart from its packages, which are this Python's."""
        root = Path(tempfile.mkdtemp(dir=self._folder, prefix="image-"))
        (root / "faas_runtime").symlink_to(RUNTIME)
        manifest = json.dumps(bundle.manifest.model_dump(mode="json")).encode()
        for path, content in {**bundle.files, MANIFEST_FILE: manifest}.items():
            place = root / "function" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        (root / "scratch").mkdir()
        command = [sys.executable, "-I", "-c", _CALL, str(root), json.dumps(arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root / "scratch")

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
