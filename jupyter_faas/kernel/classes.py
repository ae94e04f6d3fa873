"""Classes and types of the notebook, carried by the source that made the live object."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from jupyter_faas.kernel.cells import Cell, Cells, Function
from jupyter_faas.kernel.constants import is_plain, same
from jupyter_faas.kernel.definitions import Definition, NotDefinable, alias_of, bound_name, defined_by

__all__ = ["assigned_type", "class_for"]

_NOTEBOOK_MODULE = "__main__"
_MUTABLE = (list, dict, set)


def class_for(name: str, value: type, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The statement that gives ``name`` the class ``value``; None if it isn't one of the notebook.

    Raises ``NotDefinable`` if that statement is gone, or another one has it now.
    """
    if value.__module__ != _NOTEBOOK_MODULE:
        return None
    if "<locals>" in value.__qualname__:
        raise NotDefinable("a class made inside a function can't be carried: define it at the top level")
    for cell, statement in _class_statements(value.__qualname__, cells):
        if not _could_have_made(statement, value, cell, cells):
            continue
        if statement.name == name:
            _refuse_patches(value, statement, cells)
            return _filled(defined_by(name, cell, statement, cells), value)
        if namespace.get(statement.name) is value:
            return alias_of(name, statement.name)
        where = cell.place(statement.lineno)
        raise NotDefinable(f"it is an older {statement.name} ({where}): give it a name of its own")
    made_by_call = assigned_type(name, cells, "class")
    if made_by_call is None:
        raise NotDefinable("the cell that defines this class isn't known: run it again")
    return made_by_call


def _class_statements(name: str, cells: Cells) -> Iterator[tuple[Cell, ast.ClassDef]]:
    for cell in cells.newest_first():
        for statement in reversed(cell.statements):
            if isinstance(statement, ast.ClassDef) and statement.name == name:
                yield cell, statement


def _methods(value: type) -> Iterator[tuple[str, types.FunctionType]]:
    for attribute, member in vars(value).items():
        inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        inner = getattr(inner, "__wrapped__", inner)
        if isinstance(inner, types.FunctionType) and inner.__module__ == _NOTEBOOK_MODULE:
            yield attribute, inner


def _could_have_made(statement: ast.ClassDef, value: type, cell: Cell, cells: Cells) -> bool:
    """Whether the live class agrees with this source: its methods' code, its plain attributes, its names."""
    for _, method in _methods(value):
        own = method.__code__.co_qualname.startswith(value.__qualname__ + ".")
        if (
            own
            and "<locals>" not in method.__code__.co_qualname
            and not cells.contains(cell, statement, method.__code__)
        ):
            return False
    for part in statement.body:
        if isinstance(part, Function) and part.name not in vars(value):
            return False
        if isinstance(part, ast.Assign) and not _agrees(part, value):
            return False
    return True


def _agrees(assignment: ast.Assign, value: type) -> bool:
    try:
        expected = ast.literal_eval(assignment.value)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return True
    for target in assignment.targets:
        if isinstance(target, ast.Name) and not target.id.startswith("__"):
            live = vars(value).get(target.id, expected)
            if isinstance(expected, _MUTABLE):
                continue  # it may have been filled since
            if type(live) is type(expected) and not same(live, expected):
                return False
    return True


def _filled(definition: Definition, value: type) -> Definition:
    """``definition`` with what the attributes of the class hold now; those of a metaclass fill anew."""
    around: dict[str, Any] = {}
    body = definition.statement.body if isinstance(definition.statement, ast.ClassDef) else []
    for part in body if not issubclass(value, type) else ():
        match part:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                live = vars(value).get(name)
                if isinstance(live, _MUTABLE) and is_plain(live) and not _has_value(part, live):
                    around[name] = live
    if not around:
        return definition
    names = {f"{definition.name}__{name}": live for name, live in around.items()}
    footer = "\n".join(f"{definition.name}.{name} = {definition.name}__{name}" for name in around)
    used = replace(definition.uses, now=definition.uses.now | names.keys())
    return replace(definition, footer=footer, uses=used, around=names)


def _has_value(part: ast.Assign | ast.AnnAssign, live: Any) -> bool:
    try:
        return part.value is None or same(ast.literal_eval(part.value), live)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return True


def _refuse_patches(value: type, statement: ast.ClassDef, cells: Cells) -> None:
    if statement.decorator_list:
        return
    for attribute, method in _methods(value):
        qualname = method.__code__.co_qualname
        if "." not in qualname and qualname != "<lambda>" and cells.definition(method.__code__) is not None:
            raise NotDefinable(f"its {attribute} was attached after its definition: write it in the class")


def assigned_type(name: str, cells: Cells, kind: Literal["class", "type"]) -> Definition | None:
    """Types made by an expression: ``Vector = list[float]``, ``Point = namedtuple("Point", "x y")``."""
    binding = cells.binding(name)
    if binding is None:
        return None
    cell, statement = binding
    if bound_name(statement) != name or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    if statement.value is None or (kind == "class" and not isinstance(statement.value, ast.Call)):
        return None
    return defined_by(name, cell, statement, cells, kind)
