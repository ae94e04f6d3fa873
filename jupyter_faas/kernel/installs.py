"""What the cells install (``%pip install``, ``!pip install``, ``%conda install``, ``uv pip install``).

Most packages show by an import. Extras and plug-ins (``openpyxl`` for pandas) don't, and go along because the
notebook installs them; not so what only cells import that the function doesn't need.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_faas.kernel.cells import Cell
from jupyter_faas.kernel.environments import declared_in
from jupyter_faas.kernel.names import import_nodes
from jupyter_faas.kernel.origins import Origins
from jupyter_faas.model.errors import AnnotationError

__all__ = ["Install", "imported_distributions", "installs_in"]

# Tools that install or show a notebook, and are no part of what it computes.
_TOOLS: Final = frozenset(
    {
        *("pip", "setuptools", "wheel", "uv", "conda", "mamba", "python", "build", "virtualenv"),
        *("ipykernel", "ipython", "ipympl", "ipywidgets", "nbclient", "nbconvert", "nbdime", "nbformat"),
        *("notebook", "papermill", "qtconsole", "retrolab", "voila"),
    }
)
_TAKE_A_VALUE: Final = frozenset(
    {
        *("-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "--index"),
        *("-f", "--find-links", "-t", "--target", "--prefix", "--root", "--src", "--proxy", "--timeout"),
        *("--retries", "--progress-bar", "--log", "--trusted-host", "--cert", "--cache-dir", "--platform"),
        *("--python-version", "--python", "-p", "--no-binary", "--only-binary", "--upgrade-strategy"),
        *("-n", "--name", "--channel", "--report", "-C", "--config-settings"),
    }
)


@dataclass(frozen=True)
class Install:
    """A package that a cell installs, and which cell."""

    requirement: Requirement
    why: str


def installs_in(cells: Iterable[Cell], folder: Path) -> list[Install]:
    """The packages that ``cells`` install, apart from tools; paths are relative to ``folder``."""
    found: list[Install] = []
    for cell in cells:
        for statement in cell.tree.body:
            for line in _commands(statement):
                found += _installs(line, cell.place(statement.lineno), folder)
    return [one for one in found if not _is_tool(one.requirement.name)]


def imported_distributions(cells: Iterable[Cell], origins: Origins) -> set[str]:
    """The canonical names of the distributions that any of ``cells`` imports."""
    modules = set()
    for cell in cells:
        for node, _ in import_nodes(cell.tree):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif node.module and not node.level:
                modules.add(node.module)
    return {canonicalize_name(name) for module in modules for name in origins.of(module).distributions}


def _commands(statement: ast.stmt) -> Iterator[str]:
    """The shell commands that ``statement`` runs through IPython, pip's own magics among them."""
    match statement:
        case ast.Expr(value=call) | ast.Assign(value=call):
            pass
        case _:
            return
    match call:
        case ast.Call(
            func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(magic), ast.Constant(line)]
        ):
            yield " ".join(map(str, (magic, line)))
        case ast.Call(func=ast.Attribute(attr="system" | "getoutput"), args=[ast.Constant(line)]):
            yield from _split(str(line))
        case ast.Call(
            func=ast.Attribute(attr="run_cell_magic"),
            args=[
                ast.Constant("bash" | "sh" | "script" | "system" | "!"),
                ast.Constant(),
                ast.Constant(body),
            ],
        ):
            yield from _split(str(body))


def _split(text: str) -> Iterator[str]:
    yield from re.split(r"&&|\|\||[;|\n]", text.replace("\\\n", " "))


def _installs(line: str, place: str, folder: Path) -> Iterator[Install]:
    try:
        words = shlex.split(line)
    except ValueError:
        return
    comment = next((index for index, word in enumerate(words) if word.startswith("#")), len(words))
    tool, rest = _tool(words[:comment])
    if tool is None:
        return
    why = f"{tool} install in {place}"
    wanted = iter(rest)
    for word in wanted:
        if word in ("-r", "--requirement", "--file"):
            yield from _of_file(next(wanted, ""), why, folder)
        elif word in _TAKE_A_VALUE or re.fullmatch(r"\d?>+", word):
            next(wanted, None)
        elif not word.startswith("-"):
            requirement = _requirement(word, conda=tool == "conda")
            if requirement is not None:
                yield Install(requirement, why)


def _tool(words: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """What installs, and the words after its ``install``."""
    for index, word in enumerate(words):
        name = word.rpartition("/")[2]
        tool = "conda" if re.fullmatch(r"conda|mamba|micromamba", name) else "pip"
        if tool == "pip" and not re.fullmatch(r"pip[\d.]*", name):
            continue
        if words[index + 1 : index + 2] == ["install"]:
            return tool, words[index + 2 :]
    return None, ()


def _of_file(name: str, why: str, folder: Path) -> Iterator[Install]:
    try:
        declared = declared_in(name, [folder], ())
    except AnnotationError:  # it may be gone; what is imported of it is found all the same
        return
    for requirement in declared.requirements:
        yield Install(requirement, f"{name}, {why}")


def _requirement(word: str, *, conda: bool) -> Requirement | None:
    """``word`` as a requirement; None for paths, repositories without a name and redirections."""
    if conda:
        word = re.split(r"[=<>!~]", word.rpartition("::")[2], maxsplit=1)[0]
    named = re.match(r"[^#]+#egg=(?P<name>[\w.-]+(\[[\w,.-]+\])?)", word)
    wheel = re.fullmatch(r"(?:.*/)?(?P<name>[A-Za-z0-9_.]+)-[^/]+\.whl", word)
    for match in (named, wheel):
        word = match["name"] if match else word
    try:
        return Requirement(word)
    except InvalidRequirement:
        return None


def _is_tool(name: str) -> bool:
    canonical = canonicalize_name(name)
    return canonical in _TOOLS or canonical.startswith("jupyter")
