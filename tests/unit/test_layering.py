"""Which room may import which; ARCHITECTURE.md draws the picture, this keeps it true."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "jupyter_faas"

MAY_IMPORT = {
    "model": set(),
    "client": {"model"},
    "kernel": {"client", "model"},
    "server": {"client", "model"},
    "cli": {"client", "kernel", "model"},
    "gateway": {"model"},
}
GATEWAY_MAY_IMPORT = {
    "engines": set(),
    "problems": set(),
    "openapi": {"problems"},
    "images": {"engines"},
    "dispatch": {"engines"},
    "store": set(),
    "service": {"dispatch", "engines", "images", "problems", "store"},
    "handlers": {"http", "openapi", "problems", "service", "store"},
    "backup": {"store"},
    "doctor": {"engines", "images"},
    "http": set(),
    "reference": {"handlers", "openapi"},
    "settling": set(),
    "sharing": {"handlers", "http", "service", "store"},
    "entrance": {"handlers", "http", "service", "settling", "sharing", "store"},
    "assembly": {"dispatch", "engines", "images", "service", "store"},
    "app": {"assembly", "dispatch", "engines", "handlers", "http", "service", "settling", "sharing", "store"},
    "__main__": {"app"},
}
DOCKER_SDK = {"docker"}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports: lazily, for type checking, absolutely or relatively."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def part(module: str, depth: int) -> str | None:
    names = module.split(".")
    return names[depth] if len(names) > depth else None


@pytest.mark.parametrize("path", python_files(PACKAGE), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_downward_only(path: Path) -> None:
    room = path.relative_to(ROOT / PACKAGE).parts[0]
    if room == "__init__.py":
        return
    for module in imports_of(path):
        target = part(module, 1) if part(module, 0) == PACKAGE else None
        if target and (ROOT / PACKAGE / target).is_dir():
            assert target == room or target in MAY_IMPORT[room], f"{room} must not import {module}"


@pytest.mark.parametrize("path", python_files(f"{PACKAGE}/gateway"), ids=lambda p: str(p.relative_to(ROOT)))
def test_gateway_imports_downward_only(path: Path) -> None:
    own = path.relative_to(ROOT / PACKAGE / "gateway").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for module in imports_of(path):
        names = module.split(".")
        if names[:2] == [PACKAGE, "gateway"] and len(names) > 2:
            target = names[2]
            assert target == own or target in GATEWAY_MAY_IMPORT[own], f"{own} must not import {module}"


# What runs a whole notebook in the image: requirements of such a function only.
NOTEBOOK = ROOT / "runtime" / "notebook"
NOTEBOOK_IMPORTS = {"ipykernel", "jupyter_client", "nbclient", "nbconvert", "nbformat", "papermill"}
NOTEBOOK_BRINGS = {"traitlets", "zmq"}  # by those


def test_runtime_imports_the_standard_library_only() -> None:
    for path in python_files("runtime"):
        allowed = sys.stdlib_module_names | {"runtime", "faas_runtime", "handler"}
        if path.is_relative_to(NOTEBOOK):
            allowed |= NOTEBOOK_IMPORTS | NOTEBOOK_BRINGS
        for module in imports_of(path):
            assert module.split(".")[0] in allowed, f"{path.name} imports {module}"


def test_only_handlers_of_whole_notebooks_import_what_runs_them() -> None:
    for path in python_files("runtime"):
        if not path.is_relative_to(NOTEBOOK):
            assert not any(module.startswith("runtime.notebook") for module in imports_of(path)), path.name


def test_one_file_imports_the_docker_sdk() -> None:
    importers = [
        path.relative_to(ROOT).as_posix()
        for path in python_files(PACKAGE)
        if any(module.split(".")[0] in DOCKER_SDK for module in imports_of(path))
    ]
    assert importers == ["jupyter_faas/gateway/engines/docker.py"]


def test_nothing_runs_the_docker_command() -> None:
    """The engine is asked over its API: a process for each question would cost more than the answer."""
    for path in python_files(PACKAGE):
        for node in ast.walk(ast.parse(path.read_text())):
            words: list[ast.expr] = []
            if isinstance(node, ast.List | ast.Tuple):
                words = node.elts[:1]
            elif isinstance(node, ast.Call):
                words = node.args[:1] if "subprocess" in ast.unparse(node.func) else []
            for word in words:
                command = ast.literal_eval(word) if isinstance(word, ast.Constant) else ""
                assert str(command).split(" ")[0] != "docker", f"{path}: {ast.unparse(node)}"


def test_no_import_cycles() -> None:
    """Depth-first search over the imports between our own modules."""
    graph: dict[str, set[str]] = {}
    for path in [*python_files(PACKAGE), *python_files("runtime")]:
        names = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(names[:-1] if names[-1] == "__init__" else names)
        graph[name] = set(imports_of(path))
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for target in graph[name] & graph.keys() - {name}:
            visit(target, (*trail, name))
        done.add(name)

    for name in graph:
        # The package's own __init__ only registers the extension, lazily, on a user's request.
        if name != PACKAGE:
            visit(name, ())
