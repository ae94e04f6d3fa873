"""Classes and types of the notebook, carried by the source that made the live object."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from jupyter_faas.kernel.cells import Cell, Cells, Function, first_line
from jupyter_faas.kernel.changes import with_changes
from jupyter_faas.kernel.constants import same
from jupyter_faas.kernel.definitions import Definition, NotDefinable, alias_of, bound_name, defined_by
from jupyter_faas.kernel.members import mangled
from jupyter_faas.kernel.names import uses

__all__ = ["assigned_type", "class_for", "method_for"]

_NOTEBOOK_MODULE = "__main__"
_MUTABLE = (list, dict, set)
_CLASS_METHODS = frozenset({"__init_subclass__", "__class_getitem__"})
# Where what a decorator makes has the function that it was given.
_HELD_AS = {
    "abstractmethod": "",
    "staticmethod": ".__func__",
    "classmethod": ".__func__",
    "property": ".fget",
    "cached_property": ".func",
}


def class_for(name: str, value: type, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The statement that gives ``name`` the class ``value``; None if it isn't one of the notebook.

    Raises ``NotDefinable`` if that statement is gone, or another one has it now.
    """
    if value.__module__ != _NOTEBOOK_MODULE:
        return None
    if "<locals>" in value.__qualname__:
        raise NotDefinable("a class made inside a function can't be carried: define it at the top level")
    found = _statement_of(value, cells)
    if found is not None:
        cell, statement = found
        if statement.name == name:
            return with_changes(defined_by(name, cell, statement, cells), value, cell, cells, namespace)
        if namespace.get(statement.name) is value:
            return alias_of(name, statement.name)
        where = cell.place(statement.lineno)
        raise NotDefinable(f"it is an older {statement.name} ({where}): give it a name of its own")
    made_by_call = assigned_type(name, cells, "class")
    if made_by_call is None:
        raise NotDefinable("the cell that defines this class isn't known: run it again")
    return made_by_call


def method_for(
    name: str, function: types.FunctionType, cells: Cells, namespace: Mapping[str, Any]
) -> Definition | None:
    """``name`` as the method that a class statement has made, taken from the class before that is completed.

    So it keeps its ``super()`` and its private names. None if ``function`` isn't one of a class with a name.
    """
    owner, _, attribute = function.__code__.co_qualname.rpartition(".")
    made = namespace.get(owner)
    if not isinstance(made, type) or made.__module__ != _NOTEBOOK_MODULE or made.__qualname__ != owner:
        return None
    cell, statement = _statement_of(made, cells) or (None, None)
    if cell is None or statement is None or not cells.contains(cell, statement, function.__code__):
        return None
    parts = [part for part in statement.body if isinstance(part, Function) and part.name == attribute]
    decorators = [ast.unparse(one).rpartition(".")[2] for part in parts for one in part.decorator_list]
    if len(parts) != 1 or first_line(parts[0]) != function.__code__.co_firstlineno:
        return None
    if attribute in _CLASS_METHODS:
        decorators.append("classmethod")
    if attribute == "__new__":
        decorators.append("staticmethod")
    if len(decorators) > 1 or not _HELD_AS.keys() >= set(decorators):
        return None
    held = "".join(_HELD_AS[one] for one in decorators)
    text = f"{name} = {owner}.__dict__[{mangled(attribute, owner)!r}]{held}"
    taken = ast.parse(text).body[0]
    return Definition(name, "function", taken, text, uses(taken), taken_from=owner)


def _statement_of(value: type, cells: Cells) -> tuple[Cell, ast.ClassDef] | None:
    """The class statement that made ``value``: the newest that agrees with it all, else with its methods."""
    candidates = [
        (cell, statement)
        for cell, statement in _class_statements(value.__qualname__, cells)
        if _has_its_methods(statement, value, cell, cells)
    ]
    exact = (one for one in candidates if _has_its_members(one[1], value))
    return next(exact, None) or next(iter(candidates), None)


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


def _has_its_methods(statement: ast.ClassDef, value: type, cell: Cell, cells: Cells) -> bool:
    """Whether the code of the class's own methods is in this source, and it has as many bases."""
    for _, method in _methods(value):
        own = method.__code__.co_qualname.startswith(value.__qualname__ + ".")
        if (
            own
            and "<locals>" not in method.__code__.co_qualname
            and not cells.contains(cell, statement, method.__code__)
        ):
            return False
    bases = [base for base in statement.bases if not isinstance(base, ast.Starred)]
    return len(bases) < len(statement.bases) or len(bases) <= len(
        getattr(value, "__orig_bases__", value.__bases__)
    )


def _has_its_members(statement: ast.ClassDef, value: type) -> bool:
    """Whether the class has the methods of this source, and its plain attributes."""
    for part in statement.body:
        if isinstance(part, Function) and mangled(part.name, statement.name) not in vars(value):
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
