"""Names bound by imports: the statement that binds each as the notebook has it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_faas.kernel.cells import Cell, Cells
from jupyter_faas.kernel.names import import_nodes
from jupyter_faas.model.authoring import AUTHORING_NAMES

__all__ = ["Import", "Lazy", "import_for", "is_authoring", "lazy_imports", "submodules_of"]

_ABSENT = object()
_PACKAGE = "jupyter_faas"
_AUTHORING = re.compile(rf"from {_PACKAGE} import ({'|'.join(sorted(AUTHORING_NAMES))})( as \w+)?")


@dataclass(frozen=True)
class Import:
    """One import statement of the handler, binding ``name``; ``module`` is what it needs installed."""

    text: str
    name: str
    module: str
    cell: Cell | None = None
    line: int = 1


@dataclass(frozen=True)
class Lazy:
    """A module imported inside a carried body; ``guarded`` if the code goes on without it."""

    module: str
    line: int
    guarded: bool


def import_for(name: str, value: Any, cells: Cells) -> list[Import]:
    """The imports that bind ``name`` to the very object ``value``; none if it wasn't imported.

    The executed statements decide, the newest first; ``import a.b`` and ``import a.c`` both bind ``a`` and
    are both carried. Failing those, a module or a public object that says where it lives is imported from
    there.
    """
    submodules: dict[str, Import] = {}
    for cell, statement in cells.imports:
        for alias in statement.names:
            found = _rebinding(statement, alias, name, value)
            if found is None:
                continue
            text, module = found
            carried = Import(text, name, module, cell, statement.lineno)
            if isinstance(statement, ast.ImportFrom) or alias.asname:
                return [carried, *submodules.values()]
            submodules.setdefault(text, carried)
    if submodules:
        return [submodules[text] for text in sorted(submodules)]
    return list(_by_its_own_name(name, value))


def _rebinding(
    statement: ast.Import | ast.ImportFrom, alias: ast.alias, name: str, value: Any
) -> tuple[str, str] | None:
    """The text and the module of the import if executing it now would bind ``name`` to ``value``."""
    if isinstance(statement, ast.Import):
        bound = alias.asname or alias.name.partition(".")[0]
        loaded = sys.modules.get(alias.name if alias.asname else bound)
        if bound != name or loaded is not value or alias.name not in sys.modules:
            return None
        return f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else ""), alias.name
    module = statement.module or ""
    if alias.name == "*":
        return _from_star(module, name, value)
    if (alias.asname or alias.name) != name or _attribute(module, alias.name) is not value:
        return None
    suffix = f" as {alias.asname}" if alias.asname else ""
    return f"from {module} import {alias.name}{suffix}", _innermost(module, alias.name)


def _from_star(module: str, name: str, value: Any) -> tuple[str, str] | None:
    public = getattr(sys.modules.get(module), "__all__", None)
    offered = name in public if public is not None else not name.startswith("_")
    if not offered or _attribute(module, name) is not value:
        return None
    return f"from {module} import {name}", _innermost(module, name)


def _attribute(module: str, name: str) -> Any:
    found = getattr(sys.modules.get(module), name, _ABSENT)
    return sys.modules.get(f"{module}.{name}", _ABSENT) if found is _ABSENT else found


def _innermost(module: str, name: str) -> str:
    return f"{module}.{name}" if f"{module}.{name}" in sys.modules else module


def submodules_of(name: str, value: Any, statement: ast.stmt) -> Iterator[Import]:
    """Imports of the submodules that ``statement`` reaches through ``name``, a package: another import may
    have loaded them in this kernel, as ``import xml.dom`` does for ``xml``."""
    if not isinstance(value, ModuleType) or not hasattr(value, "__path__"):
        return
    for node in ast.walk(statement):
        module: ModuleType = value
        for attribute in _attributes_of(node, name):
            full = f"{module.__name__}.{attribute}"
            inner = getattr(module, attribute, None)
            if not isinstance(inner, ModuleType) or full not in sys.modules:
                break
            if not _is_offered(module.__name__, attribute):
                text = f"import {full}" if name == value.__name__ else f'__import__("{full}")'
                yield Import(text, name, full)
            module = inner


def _attributes_of(node: ast.AST, name: str) -> list[str]:
    """``["b", "c"]`` for ``a.b.c`` if ``a`` is ``name``."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    return attributes if isinstance(node, ast.Name) and node.id == name else []


@cache
def _is_offered(package: str, submodule: str) -> bool:
    """Whether the package's own source imports its submodule, or names it to do so when it is asked for."""
    file = getattr(sys.modules[package], "__file__", None)
    try:
        tree = ast.parse(Path(file or "").read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=source, names=names):
                last = (source or "").rpartition(".")[2]
                if submodule in (last, *(alias.name for alias in names)):
                    return True
            case ast.Import(names=names):
                if any(alias.name == f"{package}.{submodule}" for alias in names):
                    return True
            case ast.Constant(value=value) if value == submodule:
                return True
    return False


def _by_its_own_name(name: str, value: Any) -> Iterator[Import]:
    if isinstance(value, ModuleType):
        if sys.modules.get(value.__name__) is value and value.__name__ != "__main__":
            plain = value.__name__ == name
            text = f"import {name}" if plain else f"import {value.__name__} as {name}"
            yield Import(text, name, value.__name__)
        return
    module = getattr(value, "__module__", None)
    qualname = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(qualname, str) or module == "__main__":
        return
    if qualname.isidentifier() and _attribute(module, qualname) is value:
        suffix = "" if qualname == name else f" as {name}"
        yield Import(f"from {module} import {qualname}{suffix}", name, module)


def is_authoring(text: str) -> bool:
    """Whether the runtime itself answers this import, so that nothing has to be shipped for it."""
    return _AUTHORING.fullmatch(text) is not None


def lazy_imports(statement: ast.stmt) -> Iterator[Lazy]:
    """The imports inside the bodies of ``statement``, which the handler runs as they stand."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(str(named)), *_],
            ):
                yield Lazy(named, node.lineno, guarded=False)
    for node, guarded in import_nodes(statement):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Lazy(alias.name, node.lineno, guarded)
        elif node.level:
            yield Lazy("." * node.level + (node.module or ""), node.lineno, guarded)
        else:
            for alias in node.names:
                if node.module == _PACKAGE and alias.name in AUTHORING_NAMES:
                    continue
                yield Lazy(_innermost(node.module or "", alias.name), node.lineno, guarded)
