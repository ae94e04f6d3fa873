"""The runtime runs on Pythons that the gateway doesn't, and with nothing installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_faas.model import units
from runtime.outcomes import format_size

RUNTIME = Path(__file__).parents[3] / "runtime"
FILES = sorted(RUNTIME.glob("*.py"))
NOTEBOOK_FILES = sorted((RUNTIME / "notebook").glob("*.py"))  # the part that needs more (see ARCHITECTURE.md)


@pytest.mark.parametrize("file", FILES + NOTEBOOK_FILES, ids=lambda file: file.name)
def test_syntax_is_that_of_python_3_9(file: Path) -> None:
    tree = ast.parse(file.read_text(), feature_version=(3, 9))
    assert "from __future__ import annotations" in file.read_text() or len(tree.body) == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports_are_the_standard_library_or_our_own(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [str(node.module)]
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_what_takes_long_to_import_is_left_to_those_who_need_it() -> None:
    code = "import sys, runtime.supervisor; print(*sys.modules)"
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.append({str(FILES[0].parents[1])!r}); {code}",
    ]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "asyncio",
        "inspect",
        "dataclasses",
        "typing",
        "pathlib",
        "http",
        "hashlib",
        "subprocess",
        "random",
    }
    assert not heavy & set(loaded)


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1500, 64 << 20, 256_000_000, 10**9, 3 * 10**12])
def test_sizes_read_as_the_gateway_writes_them(size: int) -> None:
    assert format_size(size) == units.format_size(size)
