"""What a notebook's code needs: the modules that it imports and the packages that it installs."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from IPython.core import magics
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_faas.kernel.names import import_nodes
from jupyter_faas.kernel.whole.source import CodeCell
from jupyter_faas.model.errors import CaptureError

__all__ = ["Needs", "needs_of"]

_PACKAGE: Final = "jupyter_faas"
_ENVIRONMENT: Final = re.compile(r"\benviron\b|\bputenv\b|%(?:set_)?env\b")
_OWN_CELL_MAGICS: Final = frozenset({"publish"})
_SCRIPTS: Final = frozenset({"bash", "sh", "perl", "ruby", "pypy", "python", "python2", "python3", "script"})
_PYTHON_BODIES: Final = frozenset({"publish", "time", "timeit", "capture", "prun"})
_VALUED: Final = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url"}
)


@dataclass
class Needs:
    """Modules with the place of their first import; requirements of ``%pip install``; what to warn of."""

    modules: dict[str, str] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    """Modules that the code goes on without."""
    always: list[str] = field(default_factory=list)
    """Modules that every run imports, whatever its parameters; none where a cell sets up the environment that
    they may look at."""
    requirements: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    trees: list[tuple[str, ast.AST]] = field(default_factory=list)
    """Each cell's syntax tree, with its name."""


def needs_of(cells: Sequence[CodeCell]) -> Needs:
    """What Python cells need; raises ``CaptureError`` naming each cell that can't run."""
    reader = _Reader()
    for cell in cells:
        reader.read(cell)
    if any(_ENVIRONMENT.search(cell.source) for cell in cells):
        reader.needs.always.clear()
    if reader.faults:
        names = [
            {"name": f"cell {number}", "type": "cell", "reason": why, "cell": number}
            for number, why in reader.faults
        ]
        lines = "\n".join(f"- cell {number}: {why}." for number, why in reader.faults)
        raise CaptureError(f"The notebook can't run as it stands:\n{lines}", names=names)
    return reader.needs


class _Reader:
    def __init__(self) -> None:
        self.needs = Needs()
        self.faults: list[tuple[int, str]] = []
        self._magics = _cell_magics()
        self._extended = False  # whether %load_ext may have brought other magics

    def read(self, cell: CodeCell) -> None:
        self._source(cell.source, cell)

    def _source(self, source: str, cell: CodeCell) -> None:
        try:
            tree = ast.parse(TransformerManager().transform_cell(source))
        except (SyntaxError, ValueError) as error:
            self.faults.append(
                (
                    cell.number,
                    f"it isn't Python ({getattr(error, 'msg', error)}, line {getattr(error, 'lineno', 1)})",
                )
            )
            return
        self.needs.trees.append((f"cell {cell.number}", tree))
        for module, guarded in _imported(tree):
            self._module(module, guarded, cell)
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                top = ast.Module([statement], [])
                self.needs.always += (
                    module for module, _ in _imported(top) if module not in self.needs.always
                )
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr=kind), args=[*arguments]) if _is_ipython(node):
                    texts = [one.value for one in arguments if isinstance(one, ast.Constant)]
                    self._call(kind, [str(text) for text in texts], cell)

    def _module(self, module: str, guarded: bool, cell: CodeCell) -> None:
        if module.partition(".")[0] == _PACKAGE:
            return
        if guarded and module not in self.needs.modules:
            self.needs.guarded.add(module)
        elif not guarded:
            self.needs.guarded.discard(module)
        self.needs.modules.setdefault(module, f"import in cell {cell.number}")

    def _call(self, kind: str, texts: list[str], cell: CodeCell) -> None:
        """A call that IPython made of ``%magic``, ``%%magic`` or ``!command``."""
        match kind, texts:
            case "run_line_magic", ["pip" | "uv" as tool, line]:
                self._install(tool, line, cell)
            case "run_line_magic", ["load_ext" | "reload_ext", module]:
                self._extended = True
                self._module(module.strip(), False, cell)
            case "run_cell_magic", [magic, _, body]:
                self._cell_magic(magic, body, cell)
            case "system" | "getoutput", [command]:
                words = command.split()
                program = words[2] if words[1:2] == ["-m"] else words[0] if words else ""
                if program in ("pip", "pip3", "uv"):
                    self._install("uv" if program == "uv" else "pip", command.partition(program)[2], cell)
                else:
                    self._shell(f"!{command}", cell)

    def _cell_magic(self, magic: str, body: str, cell: CodeCell) -> None:
        if magic in _SCRIPTS:
            self._shell(f"%%{magic}", cell)
        elif magic in _PYTHON_BODIES:
            self._source(body, cell)
        elif magic not in self._magics and not self._extended:
            self.faults.append(
                (cell.number, f"%%{magic} is no magic of IPython, and no %load_ext before it brings one")
            )

    def _shell(self, command: str, cell: CodeCell) -> None:
        self.needs.warnings.append(
            f"cell {cell.number} runs a command ({command[:60]}): the image has what its base has."
        )

    def _install(self, tool: str, line: str, cell: CodeCell) -> None:
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            self.faults.append((cell.number, f"%{tool} {line.strip()[:60]}: {error}"))
            return
        words = words[1:] if tool == "uv" and words[:1] == ["pip"] else words
        if words[:1] != ["install"]:
            return
        skip = False
        for word in words[1:]:
            if word in ("-r", "--requirement", "-e", "--editable", "."):
                self.faults.append(
                    (cell.number, f"%{tool} install {word}: name the file with --environment instead")
                )
            if not skip and not word.startswith("-"):
                self.needs.requirements.append(word)
            skip = word in _VALUED


def _imported(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    for node, guarded in import_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, guarded) for alias in node.names)
        elif not node.level and node.module:
            for alias in node.names:
                yield node.module if alias.name == "*" else f"{node.module}.{alias.name}", guarded


def _is_ipython(node: ast.Call) -> bool:
    """Whether the call is one of ``get_ipython()``'s methods."""
    match node.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython"))):
            return True
    return False


def _cell_magics() -> frozenset[str]:
    """The cell magics that IPython has by itself."""
    found: set[str] = set(_OWN_CELL_MAGICS | _SCRIPTS)
    for owner in vars(magics).values():
        registered: Any = getattr(owner, "magics", None)
        if isinstance(owner, type) and isinstance(registered, dict):
            found |= {str(name) for name in registered.get("cell", {})}
    return frozenset(found)
