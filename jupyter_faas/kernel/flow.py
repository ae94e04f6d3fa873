"""Reads and assignments of names in the order in which a cell's code executes them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Event", "assigned_names", "events"]

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Event:
    """``name`` is read on ``line``, or assigned if ``writes``."""

    name: str
    line: int
    writes: bool = False


def events(body: Sequence[ast.stmt]) -> Iterator[Event]:
    """What ``body`` does at its own level, branches as if all were taken one after the other.

    Bodies of functions run when they are called and are left out; names of comprehensions and classes are
    their own.
    """
    for statement in body:
        yield from _events(statement)


def assigned_names(happened: Iterable[Event]) -> set[str]:
    """The names that are assigned."""
    return {event.name for event in happened if event.writes}


def _events(node: ast.AST) -> Iterator[Event]:
    for kind, walk in _WALKS:
        if isinstance(node, kind):
            yield from walk(node)
            return
    yield from _all(ast.iter_child_nodes(node))


def _all(nodes: Iterable[ast.AST | None]) -> Iterator[Event]:
    for node in nodes:
        if node is not None:
            yield from _events(node)


def _name(node: ast.Name) -> Iterator[Event]:
    if not isinstance(node.ctx, ast.Del):
        yield Event(node.id, node.lineno, isinstance(node.ctx, ast.Store))


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Event]:
    yield from _all(node.decorator_list)
    yield from _defaults(node.args)
    yield Event(node.name, node.lineno, writes=True)


def _defaults(arguments: ast.arguments) -> Iterator[Event]:
    yield from _all([*arguments.defaults, *arguments.kw_defaults])


def _class(node: ast.ClassDef) -> Iterator[Event]:
    yield from _all([*node.decorator_list, *node.bases, *node.keywords])
    own: set[str] = set()
    for event in events(node.body):
        if event.writes:
            own.add(event.name)
        elif event.name not in own:
            yield event
    yield Event(node.name, node.lineno, writes=True)


def _comprehension(node: Any) -> Iterator[Event]:
    own = {
        target.id
        for part in node.generators
        for target in ast.walk(part.target)
        if isinstance(target, ast.Name)
    }
    parts: list[ast.AST] = []
    for part in node.generators:
        parts += [part.iter, *part.ifs]
    parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    yield from (event for event in _all(parts) if event.name not in own)


def _augmented(node: ast.AugAssign) -> Iterator[Event]:
    if isinstance(node.target, ast.Name):
        yield Event(node.target.id, node.lineno)
    yield from _all([node.value, node.target])


def _import(node: ast.Import | ast.ImportFrom) -> Iterator[Event]:
    for alias in node.names:
        yield Event(alias.asname or alias.name.partition(".")[0], node.lineno, writes=True)


def _handler(node: ast.ExceptHandler) -> Iterator[Event]:
    yield from _all([node.type])
    if node.name is not None:
        yield Event(node.name, node.lineno, writes=True)
    yield from events(node.body)


def _capture(node: ast.MatchAs | ast.MatchStar) -> Iterator[Event]:
    yield from _all(ast.iter_child_nodes(node))
    if node.name is not None:
        yield Event(node.name, node.lineno, writes=True)


_WALKS: Final[tuple[tuple[Any, Callable[[Any], Iterator[Event]]], ...]] = (
    (ast.Name, _name),
    (ast.FunctionDef | ast.AsyncFunctionDef, _function),
    (ast.Lambda, lambda node: _defaults(node.args)),
    (ast.ClassDef, _class),
    (_COMPREHENSIONS, _comprehension),
    (ast.Assign, lambda node: _all([node.value, *node.targets])),
    (ast.AugAssign, _augmented),
    (ast.AnnAssign, lambda node: _all([node.value, node.target] if node.value else [])),
    (ast.NamedExpr, lambda node: _all([node.value, node.target])),
    (ast.For, lambda node: _all([node.iter, node.target, *node.body, *node.orelse])),
    (ast.Import | ast.ImportFrom, _import),
    (ast.ExceptHandler, _handler),
    (ast.MatchAs | ast.MatchStar, _capture),
)
