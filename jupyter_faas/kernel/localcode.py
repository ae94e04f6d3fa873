"""The author's own modules, beside the notebook or of an editable install, carried with what they import.

What a module imports is read from its source, not from the running kernel, because the image runs the source:
imports by computed names (``importlib.import_module``) are not seen.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from jupyter_faas.kernel.constants import same
from jupyter_faas.kernel.names import import_nodes
from jupyter_faas.kernel.origins import Origin

__all__ = ["LocalCode", "NotCarriable", "Source"]

RESERVED: Final = frozenset({"handler", "faas_runtime"})


class NotCarriable(ValueError):
    """The module can't be carried; the message is a clause that says why and what to do."""


@dataclass(frozen=True, eq=False)
class Source:
    """A file of the author: its ``path`` in the bundle, and the modules that it imports from elsewhere."""

    module: str
    path: str
    content: bytes = field(repr=False)
    imports: tuple[str, ...]
    changed: bool
    """Whether the kernel runs another source than the file has now."""


class LocalCode:
    """Gathers modules; each file once."""

    def __init__(self) -> None:
        self._done: set[Path] = set()

    def carry(self, origin: Origin) -> list[Source]:
        """The files of ``origin.module`` and of what it imports of the same top-level package.

        Raises ``NotCarriable`` for compiled modules, and for names that the function needs itself.
        """
        top = origin.module.partition(".")[0]
        if top in RESERVED:
            raise NotCarriable(f"a function has a module named {top} already: give yours another name")
        if origin.file is None:
            raise NotCarriable(f"the module {origin.module} has no file: define what you use in a cell")
        root = _root(Path(origin.file), top)
        if not (root / top).is_dir() and not any(_files(root, top)):
            raise NotCarriable(f"the source of {top} isn't found in {root}: define what you use in a cell")
        found: list[Source] = []
        pending = [origin.module]
        while pending:
            module = pending.pop(0)
            for path, name in _files(root, module):
                if path in self._done:
                    continue
                self._done.add(path)
                source, inside = _read(root, path, name)
                found.append(source)
                pending += inside
        return found


def _root(file: Path, top: str) -> Path:
    """The folder that ``top`` is imported from; ``file`` is that of the module, or a namespace's folder."""
    if file.is_dir():
        return file.parent
    return file.parent.parent if file.parent.name == top and file.stem == "__init__" else file.parent


def _files(root: Path, module: str) -> Iterator[tuple[Path, str]]:
    """The files that importing ``module`` runs, with their modules' names, as far as there are any."""
    place = root
    parts = module.split(".")
    for length, part in enumerate(parts, start=1):
        name = ".".join(parts[:length])
        compiled = next(
            (place / (part + end) for end in EXTENSION_SUFFIXES if (place / (part + end)).is_file()), None
        )
        if (place / part / "__init__.py").is_file():
            yield place / part / "__init__.py", name
        elif (place / f"{part}.py").is_file():
            yield place / f"{part}.py", name
            return
        elif compiled is not None:
            raise NotCarriable(
                f"{name} is compiled ({compiled.name}), and fits this machine only: build a wheel of it and "
                "install that"
            )
        elif not (place / part).is_dir():
            return  # an attribute of the module before
        place /= part


def _read(root: Path, path: Path, module: str) -> tuple[Source, list[str]]:
    """The file as a source, and the modules of its own package that it imports."""
    try:
        content = path.read_bytes()
        tree = ast.parse(content, str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise NotCarriable(f"{path} can't be read as Python ({error}): mend it") from error
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported = list(dict.fromkeys(_imported(tree, package)))
    top = module.partition(".")[0]
    inside = [one for one in imported if one.partition(".")[0] == top]
    outside = tuple(sorted(set(imported) - set(inside)))
    changed = _changed(sys.modules.get(module), tree, content, path)
    return Source(module, path.relative_to(root).as_posix(), content, outside, changed), inside


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The modules that ``tree`` imports, in full; for ``from a import b`` also ``a.b``, which may be one."""
    for node, _ in import_nodes(_without_type_checking(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
        if base:
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Remover(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> Any:
            self.generic_visit(node)
            named = {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(node.test)}
            return node.orelse if "TYPE_CHECKING" in named else node

    cleaned: ast.Module = Remover().visit(tree)
    return cleaned


def _changed(live: ModuleType | None, tree: ast.Module, content: bytes, path: Path) -> bool:
    """Whether ``live`` has functions or plain values that the source wouldn't give it."""
    if live is None:
        return False
    codes = set(_codes(compile(content, str(path), "exec", dont_inherit=True)))
    own = [code for code in _live_codes(live) if code.co_filename == str(path)]
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if any(code not in codes for code in own) or not defined <= vars(live).keys():
        return True
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                if not same(vars(live).get(name), value) and _assigned_once(tree, name):
                    return True
    return False


def _assigned_once(tree: ast.Module, name: str) -> bool:
    stores = (
        node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return sum(node.id == name for node in stores) == 1


def _live_codes(live: ModuleType) -> Iterator[CodeType]:
    for value in vars(live).values():
        members = vars(value).values() if isinstance(value, type) else [value]
        for member in members:
            function = getattr(member, "__func__", member)
            if isinstance(function, FunctionType) and function.__module__ == live.__name__:
                yield function.__code__


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
