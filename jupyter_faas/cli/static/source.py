"""A notebook's source: its cells as Python, what binds each name last, and what changes a value later."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from IPython.core.inputtransformer2 import TransformerManager

from jupyter_faas.cli.notebook import numbered
from jupyter_faas.kernel.annotated import magic_body, options_of
from jupyter_faas.kernel.annotation import Annotation, parse_annotation, parse_words
from jupyter_faas.kernel.cells import Cell, Function
from jupyter_faas.kernel.flow import events
from jupyter_faas.kernel.names import own_scope, uses
from jupyter_faas.model.errors import AnnotationError, CaptureError

__all__ = ["AnnotatedCell", "Binding", "Source"]

_HARMLESS: Final = frozenset(
    {"all", "any", "bool", "dict", "display", "enumerate", "float", "frozenset", "id", "int", "isinstance"}
    | {"iter", "len", "list", "max", "min", "print", "range", "repr", "reversed", "round", "set", "sorted"}
    | {"str", "sum", "tuple", "type", "zip"}
)
_RUNS_ITS_BODY: Final = ("%%time", "%%capture")


@dataclass(frozen=True)
class AnnotatedCell:
    """A cell to publish, its number in the file and its options."""

    number: int
    cell: Cell
    annotation: Annotation


@dataclass(frozen=True)
class Binding:
    """The statement of a cell's top level that binds a name last."""

    cell: Cell
    statement: ast.stmt
    line: int

    @property
    def moment(self) -> tuple[int, int]:
        """When it runs, if the cells run in their order."""
        return self.cell.order, self.line


class Source:
    """The code cells of ``notebook`` in their order.

    Raises ``AnnotationError`` naming the cell whose options can't be read, ``CaptureError`` naming one that
    isn't Python.
    """

    def __init__(self, notebook: Any) -> None:
        self.cells: list[Cell] = []
        self.annotated: list[AnnotatedCell] = []
        for number, cell in numbered(notebook):
            if cell.cell_type == "code" and cell.source.strip():
                self._add(number, cell)
        self._bindings: dict[str, list[Binding]] = {}
        for one in self.cells:
            for statement in one.tree.body:
                for name, line in _bound(statement):
                    self._bindings.setdefault(name, []).append(Binding(one, statement, line))

    def binding(self, name: str) -> Binding | None:
        """What binds ``name`` last; ``*`` is the last import of all there is in a module."""
        return self._bindings[name][-1] if name in self._bindings else None

    def bindings(self, name: str) -> Sequence[Binding]:
        """All that binds ``name``, in order."""
        return self._bindings.get(name, ())

    def futures(self, cell: Cell) -> set[str]:
        """The ``__future__`` features under which ``cell`` runs."""
        return {
            alias.name
            for earlier in self.cells
            if earlier.order <= cell.order
            for statement in earlier.tree.body
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            for alias in statement.names
        }

    def change_of(self, name: str) -> str | None:
        """Where the cells may change the value of ``name`` after it was bound; None if nowhere."""
        for cell, node in self._running():
            line = _changes(node, name)
            if line is not None:
                return cell.place(line)
        return None

    def patch_of(self, name: str) -> str | None:
        """Where the cells set or delete an attribute or item of ``name``, a function or a class."""
        for cell in self.cells:
            for statement in cell.tree.body:
                for node in own_scope(statement):
                    stored = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
                    if stored and not isinstance(node, ast.Name) and _root_name(node) == name:
                        return cell.place(getattr(node, "lineno", 1))
        return None

    def _running(self) -> Iterator[tuple[Cell, ast.AST]]:
        """What runs when all cells do: their own level, and the functions that it uses, to any depth."""
        pending: list[str] = []
        for cell in self.cells:
            pending += [event.name for event in events(cell.tree.body) if not event.writes]
            for statement in cell.tree.body:
                if not isinstance(statement, Function):
                    yield cell, statement
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                for binding in self.bindings(name):
                    if isinstance(binding.statement, Function):
                        yield binding.cell, binding.statement
                        pending += uses(binding.statement).needed

    def _add(self, number: int, cell: Any) -> None:
        magic = magic_body(cell.source)
        above = 0
        source = cell.source
        try:
            words = options_of(source, cell.metadata)
            annotation = parse_words(words) if words is not None else None
            if magic is not None:
                line, source = magic
                annotation = parse_annotation(line)
                above = 1 + _blank_lines(cell.source)
        except AnnotationError as error:
            raise AnnotationError(f"Cell {number}: {error.detail}") from error
        if source.lstrip("\n").startswith(_RUNS_ITS_BODY):
            above = 1 + _blank_lines(source)
            source = source.lstrip("\n").partition("\n")[2]
        python = TransformerManager().transform_cell(source).rstrip("\n")
        made = Cell(str(number), len(self.cells), python, above + _blank_lines(source))
        _check_python(made)
        self.cells.append(made)
        if annotation is not None:
            self.annotated.append(AnnotatedCell(number, made, annotation))


def _check_python(cell: Cell) -> None:
    try:
        ast.parse(cell.source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise CaptureError(f"{cell.place(line)} isn't Python: {error}.", names=[]) from error


def _blank_lines(text: str) -> int:
    return next((index for index, line in enumerate(text.split("\n")) if line.strip()), 0)


def _bound(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    for event in events([statement]):
        if event.writes:
            yield event.name, event.line
    for node in own_scope(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            yield node.id, node.lineno


def _changes(root: ast.AST, name: str) -> int | None:
    """The line on which ``root`` may change the object that ``name`` means."""
    for node in ast.walk(root):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                touched = [node]
            case ast.Call(func=ast.Name(id=function), args=args, keywords=keywords):
                given = [*args, *(keyword.value for keyword in keywords)]
                touched = [] if function in _HARMLESS else list(given)  # type: ignore[arg-type]
            case ast.Call(func=ast.Attribute(value=value), args=args, keywords=keywords):
                touched = [value, *args, *(keyword.value for keyword in keywords)]  # type: ignore[list-item]
            case ast.Assign(value=ast.Name() as value) | ast.AugAssign(target=ast.Name() as value):
                touched = [value]  # type: ignore[list-item]
            case ast.Global(names=names) if name in names:
                return node.lineno
            case _:
                continue
        if any(_root_name(one) == name for one in touched):
            return int(getattr(node, "lineno", 1))
    return None


def _root_name(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
