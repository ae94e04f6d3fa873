"""What has run in this kernel: cells as they were executed, not as they stand in a file.

IPython keeps every executed cell after its own transformation, so that magics are already Python calls.
Line numbers are those of the cell as its author sees it.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import json
import linecache
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import attrgetter, or_
from pathlib import Path
from types import CodeType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "Cell",
    "Cells",
    "Function",
    "FunctionNode",
    "bound_names",
    "first_line",
    "module_level",
    "transformed",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef
FunctionNode = Function | ast.Lambda

# Cell magics whose body runs as a cell of this kernel's namespace.
_RUNS_ITS_BODY = frozenset({"publish", "time", "capture"})
_FUTURE_FLAGS: dict[str, int] = {
    name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names
}


@dataclass(frozen=True, eq=False)
class Cell:
    """An executed cell: ``source`` is Python; ``offset`` lines of the cell precede it (its magic line)."""

    label: str
    order: int
    source: str
    offset: int = 0

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed source; empty if it isn't Python (the cell failed then)."""
        try:
            return ast.parse(self.source)
        except (SyntaxError, ValueError):
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def lines(self) -> list[str]:
        """The source's lines, without their ends."""
        return self.source.split("\n")

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """All statements that run in the module's own scope, in order, those of ``if`` or ``try`` too."""
        return list(module_level(self.tree.body))

    def place(self, line: int) -> str:
        """Where ``line`` of the source is, in words: ``cell In[5], line 3``."""
        return f"cell {self.label}, line {line + self.offset}"


class Cells:
    """The cells of a kernel in the order of their execution."""

    def __init__(self, cells: Sequence[Cell], shell: InteractiveShell) -> None:
        self._cells = list(cells)
        self._shell = shell
        self._codes: dict[tuple[ast.stmt | Cell, int], frozenset[CodeType]] = {}

    @classmethod
    def around(cls, shell: InteractiveShell, body: str, lines_above: int = 1) -> tuple[Cells, Cell]:
        """The cells that ran in ``shell``, and the one of them whose ``%%publish`` has just run ``body``.

        ``lines_above`` is how many lines of the cell precede ``body``: the magic's, or none without one.
        The history doesn't hold that one where the front end asked for none to be kept.
        """
        cells = list(_history(shell))
        offset = lines_above + _leading_blank_lines(body)
        current = _unwrapped(shell, Cell("In[ ]", len(cells) + 1, transformed(shell, body), offset))
        known = next((cell for cell in reversed(cells) if cell.source == current.source), None)
        return cls(cells if known else [*cells, current], shell), known or current

    def newest_first(self) -> Iterator[Cell]:
        """The cells, the last one executed first."""
        return reversed(self._cells)

    def binding(self, name: str) -> tuple[Cell, ast.stmt] | None:
        """The statement that bound ``name`` last, as far as it can be told from the source."""
        return self._bindings.get(name)

    def binding_before(self, name: str, cell: Cell, statement: ast.stmt) -> ast.stmt | None:
        """The statement that had bound ``name`` last when ``statement`` of ``cell`` ran."""
        for earlier in self.newest_first():
            for one in reversed(earlier.statements if earlier.order <= cell.order else []):
                above = earlier is not cell or one.lineno < statement.lineno
                if above and name in bound_names(one):
                    return one
        return None

    @cached_property
    def imports(self) -> list[tuple[Cell, ast.Import | ast.ImportFrom]]:
        """The import statements, the last one executed first, but those relative to a package."""
        return [
            (cell, statement)
            for cell in self.newest_first()
            for statement in reversed(cell.statements)
            if isinstance(statement, ast.Import | ast.ImportFrom) and not getattr(statement, "level", 0)
        ]

    def deletion(self, name: str) -> tuple[Cell, ast.stmt] | None:
        """The ``del`` statement of a cell's top level that took ``name`` away last."""
        for cell in self.newest_first():
            for statement in reversed(cell.statements):
                targets = statement.targets if isinstance(statement, ast.Delete) else []
                if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                    return cell, statement
        return None

    def is_kernels_own(self, name: str) -> bool:
        """Whether ``name`` is what the kernel, not the author, bound it to (``In``, ``_``, its ``open``)."""
        namespace: dict[str, Any] = self._shell.user_ns
        if name not in namespace:
            return str(getattr(getattr(builtins, name, None), "__module__", "")).startswith("IPython.")
        if name == "_":
            return self.binding(name) is None
        hidden: dict[str, Any] = self._shell.user_ns_hidden
        return name in hidden and hidden[name] is namespace[name]

    def definition(self, code: CodeType) -> tuple[Cell, ast.stmt] | None:
        """The statement whose execution made ``code``: a function, or an assignment of a lambda.

        Found by the file name that the kernel gave the cell, else by search, newest cell first; always
        compiled again and compared, so that a stale source is never taken for the live one.
        """
        for cell in self._candidates(code):
            for statement in cell.statements:
                if _may_define(statement, code) and self._compiles_to(cell, statement, code):
                    return cell, statement
        return None

    def function_source(self, code: CodeType) -> tuple[Cell, FunctionNode] | None:
        """The ``def`` or the lambda, at any depth, whose execution made ``code``; compared as above."""
        for cell in self._candidates(code):
            for statement in cell.statements:
                end = statement.end_lineno or statement.lineno
                if not first_line(statement) <= code.co_firstlineno <= end:
                    continue
                node = _function_node(statement, code)
                if node is not None and self.contains(cell, statement, code):
                    return cell, node
        return None

    def futures(self, cell: Cell) -> frozenset[str]:
        """The ``__future__`` features under which ``cell`` ran: IPython keeps them for all later cells."""
        return self._features.get(cell.order, frozenset())

    def contains(self, cell: Cell, statement: ast.stmt, code: CodeType) -> bool:
        """Whether ``statement`` of ``cell``, compiled again, holds ``code`` at any depth."""
        if self._shell.ast_transformers:
            return True
        flags = reduce(or_, (_FUTURE_FLAGS[name] for name in self.futures(cell)), 0)
        return any(code in codes for codes in self._codes_of(cell, statement, flags))

    # Made once: a slice asks for each of its names, and a notebook may have thousands in hundreds of cells.

    @cached_property
    def _bindings(self) -> dict[str, tuple[Cell, ast.stmt]]:
        return {
            name: (cell, statement)
            for cell in self._cells
            for statement in cell.statements
            for name in bound_names(statement)
        }

    @cached_property
    def _features(self) -> dict[int, frozenset[str]]:
        """The ``__future__`` features by the order of the cell."""
        found: dict[int, frozenset[str]] = {}
        known: frozenset[str] = frozenset()
        for cell in sorted(self._cells, key=attrgetter("order")):
            for statement in cell.statements:
                if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                    known |= _FUTURE_FLAGS.keys() & {alias.name for alias in statement.names}
            found[cell.order] = known
        return found

    def _candidates(self, code: CodeType) -> Iterator[Cell]:
        cached = linecache.cache.get(code.co_filename)
        known = self._shell.compile.format_code_name(
            code.co_filename
        )  # libraries leave generated code there, too
        if known and cached is not None and len(cached) == 4:
            text = "".join(cached[2]).rstrip("\n")
            same = next((cell for cell in self.newest_first() if cell.source == text), None)
            yield same or Cell(known[1], 0, text)
        yield from self.newest_first()

    def _compiles_to(self, cell: Cell, statement: ast.stmt, code: CodeType) -> bool:
        if self._shell.ast_transformers:  # what was compiled then isn't what the source says
            return True
        flags = code.co_flags & reduce(or_, _FUTURE_FLAGS.values())
        compiled = (_compiled(body, flags) for body in ([statement], cell.tree.body))
        return any(constant == code for one in compiled if one is not None for constant in one.co_consts)

    def _codes_of(self, cell: Cell, statement: ast.stmt, flags: int) -> Iterator[frozenset[CodeType]]:
        """The code of ``statement``, as a kernel compiles it: alone; then what it has in all of ``cell``.

        Scripts and the cells of %%time are compiled as a whole, and the calls of functions of a module that
        the same text imports are other instructions then (CPython from 3.11 on).
        """
        for key, body in ((statement, [statement]), (cell, cell.tree.body)):
            known = key, flags
            if known not in self._codes:
                self._codes[known] = frozenset(_codes(_compiled(body, flags)))
            lines = range(first_line(statement), (statement.end_lineno or statement.lineno) + 1)
            yield frozenset(one for one in self._codes[known] if one.co_firstlineno in lines)


def transformed(shell: InteractiveShell, body: str) -> str:
    """``body`` as Python, the way that ``shell`` compiles it and keeps it in its history."""
    source: str = shell.transform_cell(body)
    return source.rstrip("\n")


def first_line(statement: ast.stmt) -> int:
    """The line on which ``statement`` begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _history(shell: InteractiveShell) -> Iterator[Cell]:
    manager = shell.history_manager
    if manager is None:
        return
    parsed, raw = manager.input_hist_parsed, manager.input_hist_raw
    for number, source in enumerate(parsed):
        if number and source.strip():
            blank = _leading_blank_lines(raw[number]) if number < len(raw) else 0
            cell = _unwrapped(shell, Cell(f"In[{number}]", number, source, blank))
            yield from _ran_by(cell, shell)
            yield cell


def _ran_by(cell: Cell, shell: InteractiveShell) -> Iterator[Cell]:
    """The cells of the notebooks and scripts that ``cell`` runs (``%run``), as their files have them now."""
    for statement in cell.statements if "run_line_magic('run'" in cell.source else ():
        match statement:
            case ast.Expr(ast.Call(args=[ast.Constant("run"), ast.Constant(str(line))])):
                words = [word for word in shlex.split(line) if word.endswith((".py", ".ipynb"))]
                for index, source in enumerate(_sources(Path(words[0])) if words else ()):
                    label = f"{index + 1} of {words[0]}" if words[0].endswith(".ipynb") else words[0]
                    yield _unwrapped(shell, Cell(label, cell.order, transformed(shell, source)))


def _sources(path: Path) -> list[str]:
    try:
        text = path.read_text()
        if path.suffix == ".py":
            return [text]
        cells = json.loads(text)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):  # it may be gone by now
        return []


def _unwrapped(shell: InteractiveShell, cell: Cell) -> Cell:
    """The body of a cell whose magic runs it in the namespace; any other cell as it is."""
    if "run_cell_magic" not in cell.source:
        return cell
    match cell.tree.body:
        case [
            ast.Expr(
                ast.Call(
                    func=ast.Attribute(attr="run_cell_magic"),
                    args=[ast.Constant(str(magic)), ast.Constant(), ast.Constant(str(body))],
                )
            )
        ] if magic in _RUNS_ITS_BODY:
            offset = cell.offset + 1 + _leading_blank_lines(body)
            source = transformed(shell, body)
            return _unwrapped(shell, Cell(cell.label, cell.order, source, offset))
    return cell


def _leading_blank_lines(text: str) -> int:
    # IPython drops them before it compiles, so that its line numbers don't count them.
    lines = text.split("\n")
    return next((index for index, line in enumerate(lines) if line.strip()), 0)


def module_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run in the scope of ``body``, those of its ``if``s and loops too."""
    for statement in body:
        yield statement
        if isinstance(statement, Function | ast.ClassDef):
            continue
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            for child in getattr(statement, field, []):
                if isinstance(child, ast.stmt):
                    yield from module_level([child])
                else:
                    yield from module_level(child.body)


def bound_names(statement: ast.stmt) -> set[str]:
    """The names that the statement itself binds; those bound by statements inside it are found there."""
    if isinstance(statement, Function | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    targets: list[Any] = getattr(statement, "targets", [])
    targets = targets or [getattr(statement, "target", None)]
    targets += [item.optional_vars for item in getattr(statement, "items", [])]
    if isinstance(statement, ast.Expr):
        targets.append(statement.value)
    return {
        node.id
        for target in targets
        if target is not None
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _compiled(body: list[ast.stmt], flags: int) -> CodeType | None:
    module = ast.Module(body=body, type_ignores=[])
    try:
        code: CodeType = compile(module, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return code


def _function_node(statement: ast.stmt, code: CodeType) -> FunctionNode | None:
    """The function in ``statement`` that begins where ``code`` does."""
    functions = [node for node in ast.walk(statement) if isinstance(node, FunctionNode)]
    if code.co_name != "<lambda>":
        return next(
            (
                node
                for node in functions
                if isinstance(node, Function)
                and node.name == code.co_name
                and first_line(node) == code.co_firstlineno
            ),
            None,
        )
    place = min(
        (
            (line, column)
            for line, _, column, end in code.co_positions()
            if line and column is not None and end
        ),
        default=(code.co_firstlineno, 0),
    )
    lambdas = [
        node
        for node in functions
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and (node.body.lineno, node.body.col_offset) <= place
        and place <= (node.end_lineno or 0, node.end_col_offset or 0)
    ]
    return max(lambdas, key=lambda node: node.col_offset, default=None)


def _codes(code: CodeType | None) -> Iterator[CodeType]:
    for constant in code.co_consts if code is not None else ():
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _may_define(statement: ast.stmt, code: CodeType) -> bool:
    if isinstance(statement, Function):
        return statement.name == code.co_name and first_line(statement) == code.co_firstlineno
    if code.co_name != "<lambda>" or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    return isinstance(statement.value, ast.Lambda) and statement.value.lineno == code.co_firstlineno
