"""``--file``: data files that go along, and the files that the code names but that don't."""

from __future__ import annotations

import ast
import os
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_faas.kernel.slice import Slice
from jupyter_faas.model.bundle import MAX_BUNDLE_BYTES, MAX_MEMBERS
from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.manifest import HANDLER_FILE, MANIFEST_FILE, NOTEBOOK_FILE
from jupyter_faas.model.units import format_size

__all__ = ["data_files", "files_in", "files_named", "read_files"]

_RESERVED: Final = frozenset({HANDLER_FILE, MANIFEST_FILE, NOTEBOOK_FILE, "values"})
_SYSTEM: Final = ("/bin", "/dev", "/etc", "/lib", "/proc", "/sbin", "/sys", "/usr")
_IGNORED: Final = frozenset({"__pycache__", ".ipynb_checkpoints", ".git"})


def data_files(paths: Sequence[str], folder: Path) -> dict[str, Path]:
    """The files at ``paths`` and below them, by their places relative to ``folder``.

    Raises ``AnnotationError`` for a path that isn't there, isn't below ``folder``, or is taken.
    """
    found: dict[str, Path] = {}
    for text in paths:
        path = Path(os.path.normpath(folder / text))
        if not path.is_relative_to(folder):
            raise AnnotationError(
                f"--file {text}: it is outside of {folder}, the folder that this kernel runs in, so it has "
                "no path there that the function could open: copy or link it into that folder."
            )
        if not path.exists():
            raise AnnotationError(f"--file {text}: there is no such file or folder in {folder}.")
        for file in [path] if path.is_file() else _below(path):
            place = file.relative_to(folder).as_posix()
            if PurePosixPath(place).parts[0] in _RESERVED:
                raise AnnotationError(f"--file {text}: a function has a {place} of its own: rename yours.")
            found[place] = file
    return found


def read_files(data: Mapping[str, Path]) -> dict[str, bytes]:
    """The contents of data files by place; raises ``AnnotationError`` for more than a function may take."""
    size = sum(path.stat().st_size for path in data.values())
    if size > MAX_BUNDLE_BYTES or len(data) > MAX_MEMBERS // 2:
        raise AnnotationError(
            f"--file: these are {len(data)} files of {format_size(size)}. A function may take "
            f"{MAX_MEMBERS // 2} files and {format_size(MAX_BUNDLE_BYTES)} along: choose fewer."
        )
    return {place: path.read_bytes() for place, path in data.items()}


def files_named(found: Slice, folder: Path, carried: Collection[str]) -> Iterator[str]:
    """A warning for each file that a text in ``found`` names and that the function won't find."""
    return files_in(_trees(found), folder, carried)


def files_in(trees: Iterable[tuple[str, ast.AST]], folder: Path, carried: Collection[str]) -> Iterator[str]:
    """The same for syntax trees, each with what it is called."""
    told: set[str] = set()
    for name, tree in trees:
        for text in _texts(tree):
            place = _place(text, folder)
            if place is None and text not in told and _is_elsewhere(text, folder):
                told.add(text)
                yield (
                    f"{name} names {text}, a file outside of {folder}, which the function won't find: copy "
                    f"it there, write {Path(text).name!r}, and add --file {shlex.quote(Path(text).name)}."
                )
            if place is None or place in told or (place in carried and not Path(text).is_absolute()):
                continue
            told.add(place)
            option = f"--file {shlex.quote(place)}"
            if Path(text).is_absolute():
                yield f"{name} names {text}, a path of this machine: write {place!r}, and add {option}."
            else:
                yield f"{name} names {place}, which isn't carried: if the function opens it, add {option}."


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _IGNORED)
        yield from (path for name in sorted(names) if (path := Path(parent, name)).is_file())


def _trees(found: Slice) -> Iterator[tuple[str, ast.AST]]:
    for name, definition in sorted(found.definitions.items()):
        yield name, definition.statement
    for name, constant in sorted(found.constants.items()):
        yield name, ast.parse(constant.expression)


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _place(text: str, folder: Path) -> str | None:
    """Where below ``folder`` the file called ``text`` is, if there is one."""
    if not text or len(text) > 1000 or "\n" in text or "\0" in text:
        return None
    path = Path(os.path.normpath(folder / text))
    try:
        return path.relative_to(folder).as_posix() if path.is_file() else None
    except (OSError, ValueError):  # not below the folder, or a name that no file can have
        return None


def _is_elsewhere(text: str, folder: Path) -> bool:
    """Whether ``text`` is the path of a file that is neither below ``folder`` nor the system's own."""
    if not text.startswith(("/", "../", "~/")) or len(text) > 1000 or "\n" in text or "\0" in text:
        return False
    path = Path(os.path.normpath(folder / Path(text).expanduser()))
    try:
        return path.is_file() and not any(path.is_relative_to(root) for root in (folder, *_SYSTEM))
    except (OSError, RuntimeError):  # a name that no file can have, or nobody's home
        return False
