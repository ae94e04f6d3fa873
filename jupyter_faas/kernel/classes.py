"""Classes and types of the notebook, carried by the source that made the live object."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from jupyter_faas.kernel.cells import Cells, Function, first_line
from jupyter_faas.kernel.changes import Changes
from jupyter_faas.kernel.class_forms import is_nowhere, made_by_call
from jupyter_faas.kernel.class_sources import ClassSource, class_sources
from jupyter_faas.kernel.constants import same
from jupyter_faas.kernel.definitions import Definition, NotDefinable, alias_of, bound_name, defined_by
from jupyter_faas.kernel.made_classes import class_made_again, variables_around
from jupyter_faas.kernel.members import classes_in, functions_of, mangled
from jupyter_faas.kernel.names import uses

__all__ = ["assigned_type", "class_for", "decorated_class", "method_for"]

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
        return made_by_call(name, value) if is_nowhere(value) else None
    if _is_inside_class(value, namespace):
        return alias_of(name, value.__qualname__)
    found = _statement_of(value, cells)
    if found is not None:
        source, statement = found, found.statement
        if source.functions:
            return decorated_class(name, value, cells) or _made_inside(name, value, source, cells, namespace)
        if statement.name == name:
            _check_not_wrapped(name, value, cells)
            changes = Changes(name, value, source, cells, namespace)
            made = defined_by(name, source.cell, statement, cells, replaced=changes.replaced)
            return changes.completing(made)
        if namespace.get(statement.name) is value:
            return alias_of(name, statement.name)
        where = source.cell.place(statement.lineno)
        raise NotDefinable(f"it is an older {statement.name} ({where}): give it a name of its own")
    assigned = assigned_type(name, cells, "class")
    if assigned is not None and _has_literal_arguments(assigned.statement):
        return assigned
    found_form = made_by_call(name, value) or assigned or decorated_class(name, value, cells)
    if found_form is None:
        raise NotDefinable("the cell that defines this class isn't known: run it again")
    return found_form


def _check_not_wrapped(name: str, value: type, cells: Cells) -> None:
    """``Box = dataclass(Box)``: what a library has added can't be told from what the notebook has set."""
    cell, statement = cells.binding(name) or (None, None)
    if cell is None or not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return
    made = [code.__code__ for member in vars(value).values() for code in functions_of(member)]
    if name in uses(statement).now and any(cells.function_source(code) is None for code in made):
        called = ast.unparse(statement.value.func)
        raise NotDefinable(
            f"{called}(…) has completed it ({cell.place(statement.lineno)}): write that above the class as a "
            f"decorator, @{called}, and run its cell again"
        )


def _is_inside_class(value: type, namespace: Mapping[str, Any]) -> bool:
    """Whether a class that has a name in the notebook holds ``value`` under its own."""
    owner, *inner = value.__qualname__.split(".")
    found = namespace.get(owner)
    for part in inner:
        found = vars(found).get(part) if isinstance(found, type) else None
    return bool(inner) and found is value


def decorated_class(name: str, value: Any, cells: Cells) -> Definition | None:
    """The class statement whose decorators have made ``value``, another class or something else, of it."""
    cell, statement = cells.binding(name) or (None, None)
    if cell is None or not isinstance(statement, ast.ClassDef) or not statement.decorator_list:
        return None
    source = ClassSource(cell, statement, statement)
    for held in classes_in(value):
        if held is not value and held.__name__ == name and _has_its_methods(source, held, cells):
            return defined_by(name, cell, statement, cells)
    return None


def _made_inside(
    name: str, value: type, source: ClassSource, cells: Cells, namespace: Mapping[str, Any]
) -> Definition:
    """A class that a function has made; failing that, the assignment of the call that made it."""
    outside = {key: held for key, held in namespace.items() if key not in variables_around(source)}
    changes = Changes(name, value, source, cells, outside)
    try:
        return changes.completing(class_made_again(name, value, source, cells, changes.replaced))
    except NotDefinable:
        assigned = assigned_type(name, cells, "class")
        if assigned is None or not _is_settled(assigned, cells):
            raise
        return assigned


def _is_settled(definition: Definition, cells: Cells) -> bool:
    """Whether nothing that the statement uses was bound again after it ran."""
    order = definition.cell.order if definition.cell is not None else 0
    later = (cells.binding(other) for other in definition.uses.now)
    return not any(binding is not None and binding[0].order > order for binding in later)


def _has_literal_arguments(statement: ast.stmt) -> bool:
    """Whether a call makes the same class whenever it runs: ``namedtuple("Point", "x y")``."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or not call.args:
        return False
    return all(_is_literal(one) for one in (*call.args, *(word.value for word in call.keywords)))


def _is_literal(expression: ast.expr) -> bool:
    try:
        ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return False
    return True


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
    source = _statement_of(made, cells)
    if source is None or not source.holds(function.__code__, cells):
        return None
    statement = source.statement
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


def _statement_of(value: type, cells: Cells) -> ClassSource | None:
    """The class statement that made ``value``: the newest that agrees with it all, else with its methods."""
    candidates = [
        source
        for source in class_sources(value.__qualname__, cells)
        if _has_its_methods(source, value, cells)
    ]
    exact = (one for one in candidates if _has_its_members(one.statement, value))
    return next(exact, None) or next(iter(candidates), None)


def _methods(value: type) -> Iterator[tuple[str, types.FunctionType]]:
    for attribute, member in vars(value).items():
        inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        inner = getattr(inner, "__wrapped__", inner)
        if isinstance(inner, types.FunctionType) and inner.__module__ == _NOTEBOOK_MODULE:
            yield attribute, inner


def _has_its_methods(source: ClassSource, value: type, cells: Cells) -> bool:
    """Whether the code of the class's own methods is in this source, and it has as many bases."""
    statement, prefix = source.statement, f"{value.__qualname__}."
    for _, method in _methods(value):
        own = method.__code__.co_qualname.startswith(prefix)
        inside = method.__code__.co_qualname.removeprefix(prefix)
        if own and "<locals>" not in inside and not source.holds(method.__code__, cells):
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
