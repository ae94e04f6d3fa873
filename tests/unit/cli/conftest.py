from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.connection import connection_file, write_connection
from tests.unit.client.gateway_double import GatewayDouble

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables of a user who has nothing but what the test gives."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FAAS_", "JUPYTER_"))},
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "FAAS_DATA_DIR": str(tmp_path / "data"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Runs ``jupyter faas`` as a process of its own."""

    def run_cli(
        *arguments: str, stdin: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_faas.cli", *arguments],
            env={**environment, **variables},
            cwd=tmp_path,
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_cli


@pytest.fixture
def double(environment: dict[str, str]) -> Iterator[GatewayDouble]:
    """A gateway that the command line finds through the connection file."""
    with GatewayDouble() as running:
        write_connection(running.info(), connection_file(Path(environment["JUPYTER_RUNTIME_DIR"])))
        yield running
