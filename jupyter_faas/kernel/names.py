"""The global names that a statement uses, and when it uses them.

Scoping is left to the compiler's own symbol table, so that nested functions, comprehensions, class bodies
and ``global`` statements are seen as Python sees them.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Uses", "import_nodes", "line_of", "own_scope", "uses"]

Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})


@dataclass(frozen=True)
class Uses:
    """Global names by the moment at which they are needed.

    ``now``: while the statement itself runs (decorators, defaults, base classes, class bodies, evaluated
    annotations). ``later``: when what it defines is called. ``hints``: only in annotations that stay text.
    ``writes``: assigned through a ``global`` statement during a call.
    """

    now: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    hints: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()

    @property
    def needed(self) -> frozenset[str]:
        """The names without which the statement, or a call of what it defines, fails."""
        return self.now | self.later


def uses(statement: ast.stmt, *, lazy_annotations: bool = False) -> Uses:
    """The global names of ``statement``, seen as a statement of a module's top level.

    ``lazy_annotations`` says that it was compiled under ``from __future__ import annotations``.
    """
    stripper = _AnnotationStripper(lazy_annotations)
    stripped = stripper.visit(ast.parse(ast.unparse(statement)))
    table = symtable.symtable(ast.unparse(ast.fix_missing_locations(stripped)), "<cell>", "exec")
    now: set[str] = set()
    later: set[str] = set()
    writes: set[str] = set()
    for symbol, deferred in _symbols(table, deferred=False):
        if symbol.is_referenced():
            (later if deferred else now).add(symbol.get_name())
        if symbol.is_declared_global() and (symbol.is_assigned() or symbol.is_imported()):
            writes.add(symbol.get_name())
    for name, deferred in _class_reads(stripped, deferred=False):
        (later if deferred else now).add(name)
    needed = now | later
    return Uses(frozenset(now), frozenset(later), frozenset(stripper.hints - needed), frozenset(writes))


def _symbols(table: symtable.SymbolTable, *, deferred: bool) -> Iterator[tuple[symtable.Symbol, bool]]:
    """The symbols that mean globals, with whether they do so later."""
    for symbol in table.get_symbols():
        if symbol.is_global() and not _is_own(symbol, table):
            yield symbol, deferred
    for child in table.get_children():
        # A comprehension runs where it stands; a function or a lambda runs when it is called.
        runs_later = child.get_type() == "function" and child.get_name() not in _COMPREHENSIONS
        yield from _symbols(child, deferred=deferred or runs_later)


def _is_own(symbol: symtable.Symbol, table: symtable.SymbolTable) -> bool:
    """Whether the function or class ``table`` binds it; ``symtable`` takes one named top for the module."""
    if table.get_type() == "module" or symbol.is_declared_global():
        return False
    return symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported() or symbol.is_annotated()


def _class_reads(node: ast.AST, *, deferred: bool) -> Iterator[tuple[str, bool]]:
    """Names that a class body reads before it binds them, as in ``limit = limit``: they are global then,
    though the symbol table calls them local."""
    for child in ast.iter_child_nodes(node):
        yield from _class_reads(child, deferred=deferred or isinstance(node, Function | ast.Lambda))
    if not isinstance(node, ast.ClassDef):
        return
    everything = set().union(*(_stored(statement) for statement in node.body))
    bound: set[str] = set()
    for statement in node.body:
        own = (name for name in own_scope(statement) if isinstance(name, ast.Name))
        reads = {name.id for name in own if isinstance(name.ctx, ast.Load)}
        yield from ((name, deferred) for name in (reads & everything) - bound)
        bound |= _stored(statement)


def _stored(statement: ast.stmt) -> set[str]:
    if isinstance(statement, Function | ast.ClassDef):
        return {statement.name}
    names = (name for name in own_scope(statement) if isinstance(name, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what it holds, but nothing inside the functions, classes and comprehensions in it."""
    yield node
    if not isinstance(node, Function | ast.Lambda | ast.ClassDef | ast.comprehension):
        for child in ast.iter_child_nodes(node):
            yield from own_scope(child)


class _AnnotationStripper(ast.NodeTransformer):
    """Takes out the annotations that Python doesn't evaluate, remembering the names in them."""

    def __init__(self, lazy: bool) -> None:
        self._lazy = lazy
        self._depth = 0
        self.hints: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # Annotations in the body of a class are evaluated, even if the class stands in a function.
        depth, self._depth = self._depth, 0
        visited = self.generic_visit(node)
        self._depth = depth
        return visited

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if self._depth or self._stays_text(node.annotation):
            self._remember(node.annotation)
            node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def _function(self, node: Function) -> ast.AST:
        for argument in _arguments(node):
            if argument.annotation is not None and self._stays_text(argument.annotation):
                self._remember(argument.annotation)
                argument.annotation = None
        if node.returns is not None and self._stays_text(node.returns):
            self._remember(node.returns)
            node.returns = None
        self._depth += 1
        visited = self.generic_visit(node)
        self._depth -= 1
        return visited

    def _stays_text(self, annotation: ast.expr) -> bool:
        return self._lazy or (isinstance(annotation, ast.Constant) and isinstance(annotation.value, str))

    def _remember(self, annotation: ast.expr) -> None:
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return
        self.hints |= {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def _arguments(node: Function) -> Iterator[ast.arg]:
    arguments = node.args
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            yield extra


def line_of(statement: ast.AST, names: Iterable[str]) -> int | None:
    """The first line of ``statement`` on which one of ``names`` stands."""
    wanted = set(names)
    lines = [node.lineno for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id in wanted]
    return min(lines, default=None)


def import_nodes(statement: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The imports inside ``statement``, each with whether its failure is caught."""
    yield from _imports_below(statement, guarded=False)


def _imports_below(node: ast.AST, *, guarded: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, guarded
    elif isinstance(node, ast.Try):
        inner = guarded or any(_catches_import_error(handler) for handler in node.handlers)
        for protected in node.body:
            yield from _imports_below(protected, guarded=inner)
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            yield from _imports_below(other, guarded=guarded)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _imports_below(child, guarded=guarded)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(caught & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
