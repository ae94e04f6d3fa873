"""Notebooks of the corpus: executed in real kernels, a few at a time, against one gateway."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbclient

from jupyter_faas.cli.static import captures
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.media import PUBLICATION
from tests.support.gateway import Gateway
from tests.support.notebook import read, run_client, text_of

CORPUS = Path(__file__).parents[1] / "integration" / "corpus"
NAMES = sorted(path.parent.name for path in CORPUS.glob("*/notebook.ipynb"))


@dataclass(frozen=True)
class Run:
    """What a notebook showed, and the gateway that has its functions."""

    gateway: Gateway
    folder: Path
    notebook: Any

    def text(self, name: str) -> str:
        """What the cell that holds ``name`` showed to a person; the last of such cells."""
        marks = (f"def {name}(", f"publish {name} ", f"--dry-run {name} ")
        cells = [cell for cell in self.notebook.cells if "publish" in cell.source]
        return next(text_of(cell) for cell in reversed(cells) if any(mark in cell.source for mark in marks))

    def publish(self, *options: str) -> subprocess.CompletedProcess[str]:
        """``jupyter faas publish`` of the notebook."""
        command = [sys.executable, "-m", "jupyter_faas.cli", "publish", "notebook.ipynb", *options]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.gateway.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def receipt(self, name: str) -> dict[str, Any]:
        """The receipt of a dry run of ``name``."""
        for cell in self.notebook.cells:
            for output in cell.get("outputs", ()):
                record: Mapping[str, Any] = output.get("data", {}).get(PUBLICATION) or {}
                receipt: dict[str, Any] | None = record.get("receipt")
                if receipt is not None and receipt["function"] == name:
                    return receipt
        raise AssertionError(f"no receipt of {name}; it showed:\n{self.text(name)}")

    def packages(self, name: str) -> dict[str, str]:
        """Why each package is there, by its requirement's name."""
        found = self.receipt(name)["packages"]
        return {one["requirement"].partition("==")[0].partition(" ")[0]: one["why"] for one in found}

    def call(self, name: str, /, **arguments: Any) -> Any:
        """The result of ``name`` in its container."""
        answer = self.gateway.call(name, arguments)
        assert answer.status == 200, (answer.body, self.text(name))
        return answer.json

    def without_execution(self) -> dict[str, str]:
        """What the source alone publishes: the handlers by name; an error's text under its type's name."""
        try:
            found = captures(read(self.folder / "notebook.ipynb"), "notebook.ipynb", None)
        except FaasError as error:
            return {type(error).__name__: error.detail}
        return {one.bundle.manifest.name: one.bundle.files["handler.py"].decode() for _, one in found}


def verifying(name: str) -> Any:
    """The module ``verify`` of a notebook."""
    return importlib.import_module(f"tests.integration.corpus.{name}.verify")


def run(name: str, gateway: Gateway, place: Path) -> Run:
    """Execute a copy of the notebook ``name`` below ``place``, to its end, whichever cells fail."""
    folder = place / name
    shutil.copytree(CORPUS / name, folder, ignore=shutil.ignore_patterns("verify.py", "__pycache__"))
    path = folder / "notebook.ipynb"
    notebook = read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    prepare = getattr(verifying(name), "prepare", None)
    own = {
        "JPY_SESSION_NAME": str(path),
        "CORPUS_TOKEN": "s3cret-value",
        **(prepare(folder) if prepare else {}),
    }
    run_client(client, {**gateway.environment, **own})
    return Run(gateway, folder, notebook)
