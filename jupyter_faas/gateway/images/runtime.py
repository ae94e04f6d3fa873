"""The runtime layer: the supervisor and its workers, as files of an image."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath

import jupyter_faas
from jupyter_faas.gateway.engines.base import Layer
from jupyter_faas.gateway.images.bytecode import cache_name, compile_sources
from jupyter_faas.gateway.images.layers import APP_DIR, Entry, write_layer
from jupyter_faas.model.errors import InternalError

__all__ = ["ENTRYPOINT", "kept_runtime_layer", "runtime_digest", "runtime_dir", "runtime_layer"]

START_FILE = "start.py"
ENTRYPOINT = ("python3", "-I", f"/{APP_DIR}/{START_FILE}")


def runtime_dir() -> Path:
    """The runtime's sources: in an installed package inside it, in a checkout beside it."""
    package = Path(jupyter_faas.__file__).parent
    for candidate in (package / "_runtime", package.parent / "runtime"):
        if (candidate / "__init__.py").is_file():
            return candidate
    raise InternalError(f"The runtime's sources are missing from the installation in {package}.")


def runtime_digest() -> str:
    """Identifies the runtime's content, whatever it gets compiled to."""
    return _digest(tuple(sorted(_sources().items())))


def runtime_layer(python: str, destination: Path) -> Layer:
    """``start.py`` and the package ``faas_runtime``, with byte code if ``python`` is this minor version."""
    entries = [Entry(place, content=content) for place, content in _sources().items()]
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        entries += _byte_code()
    return write_layer(destination, entries)


def kept_runtime_layer(python: str, directory: Path) -> Layer:
    """The same, made once: it stays in ``directory`` until the runtime or this interpreter is another."""
    directory.mkdir(parents=True, exist_ok=True)
    maker = f"{runtime_digest().removeprefix('sha256:')[:24]}-{sys.implementation.cache_tag}"
    file = directory / f"{maker}-{python}.tar"
    for stale in directory.glob("*.tar"):
        if not stale.name.startswith(maker):
            stale.unlink(missing_ok=True)
    if not file.exists():
        with tempfile.TemporaryDirectory(prefix=".making-", dir=directory) as folder:
            runtime_layer(python, Path(folder, file.name)).path.replace(file)
    content = file.read_bytes()
    return Layer("sha256:" + hashlib.sha256(content).hexdigest(), file, len(content))


def _sources() -> dict[str, bytes]:
    root = runtime_dir()
    found: dict[str, bytes] = {}
    for path in root.rglob("*.py"):
        relative = path.relative_to(root).as_posix()
        folder = APP_DIR if relative == START_FILE else f"{APP_DIR}/faas_runtime"
        found[f"{folder}/{relative}"] = path.read_bytes()
    return found


def _byte_code() -> list[Entry]:
    root = runtime_dir()
    # The entrypoint is run as a script, whose byte code is never looked up.
    names = {
        path: f"/{APP_DIR}/faas_runtime/{path.relative_to(root).as_posix()}"
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).as_posix() != START_FILE
    }
    with tempfile.TemporaryDirectory(prefix="faas-runtime-") as directory:
        compiled = compile_sources(list(names), names, Path(directory))
    return [
        Entry(str(PurePosixPath(cache_name(names[path])).relative_to("/")), content=code)
        for path, code in compiled.items()
    ]


@cache
def _digest(sources: tuple[tuple[str, bytes], ...]) -> str:
    digest = hashlib.sha256()
    for path, content in sources:
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return "sha256:" + digest.hexdigest()
