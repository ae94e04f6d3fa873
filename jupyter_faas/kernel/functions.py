"""Functions of the notebook, carried by the source that made the live object."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.cells import Cells, Function
from jupyter_faas.kernel.closures import made_again
from jupyter_faas.kernel.constants import is_plain, same
from jupyter_faas.kernel.definitions import Definition, NotDefinable, alias_of, bound_name, defined_by
from jupyter_faas.kernel.names import uses

__all__ = ["callables_in", "function_for", "functions_in"]

_MOST_WRAPPED: Final = 50


class _Changed(NotDefinable):
    """Running the definition again would not give what the name has now."""


def function_for(name: str, value: Any, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The source that gives ``name`` the function ``value``; None if ``value`` holds none of the notebook's.

    Raises ``NotDefinable`` for what no source of the notebook's cells gives back.
    """
    try:
        found = _as_written(name, value, cells, namespace)
    except _Changed:
        if isinstance(value, types.FunctionType):
            return made_again(name, value, cells)
        if isinstance(value, functools._lru_cache_wrapper):
            return _cached(name, value)
        raise
    if found is None and isinstance(value, types.FunctionType):
        return _made_by_library(name, value, cells) or made_again(name, value, cells)
    if found is None and isinstance(value, functools._lru_cache_wrapper):
        return _cached(name, value)
    return found


def _as_written(name: str, value: Any, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The statement of a cell's top level that gives ``name`` its value, or another name that has it."""
    for function in functions_in(value):
        found = cells.definition(function.__code__)
        if found is None:
            continue
        cell, statement = found
        bound = bound_name(statement)
        if bound == name:
            _check_unchanged(name, value, function, statement, cells)
            _check_decorators(value, function, statement, cells, namespace)
            _check_defaults(function, statement, namespace)
            return _dispatching(defined_by(name, cell, statement, cells), value)
        if bound is not None and namespace.get(bound) is value and not _is_registered(statement):
            return alias_of(name, bound)
    return None


def _is_registered(statement: ast.stmt) -> bool:
    """Whether its decorator is another function's ``register``, which would have to be there before."""
    decorators = getattr(statement, "decorator_list", [])
    called = (one.func if isinstance(one, ast.Call) else one for one in decorators)
    return any(isinstance(one, ast.Attribute) and one.attr == "register" for one in called)


def functions_in(value: Any) -> Iterator[types.FunctionType]:
    """``value`` and what a decorator may have wrapped in it, outermost first."""
    return (held for held in callables_in(value) if isinstance(held, types.FunctionType))


def callables_in(value: Any) -> Iterator[Any]:
    """``value`` and the functions, classes and other callables that it holds, outermost first."""
    pending: list[Any] = [value]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_WRAPPED:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, types.FunctionType):
            pending += [cell.cell_contents for cell in current.__closure__ or () if _is_filled(cell)]
        attributes = getattr(current, "__dict__", {})
        if isinstance(attributes, dict) and not isinstance(current, type | types.ModuleType):
            pending += [inner for inner in attributes.values() if callable(inner)]


def _is_filled(cell: types.CellType) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:
        return False


def _check_unchanged(
    name: str, value: Any, function: types.FunctionType, statement: ast.stmt, cells: Cells
) -> None:
    decorated = bool(getattr(statement, "decorator_list", []))
    if value is function:
        if vars(function) and not decorated:
            attributes = ", ".join(sorted(vars(function)))
            raise _Changed(f"attributes were set on it after its definition ({attributes})")
        return
    binding = cells.binding(name)
    if not decorated or (binding is not None and binding[1] is not statement):
        raise _Changed("it was wrapped after its definition: use a decorator, then run its cell again")


def _check_decorators(
    value: Any, function: types.FunctionType, statement: ast.stmt, cells: Cells, namespace: Mapping[str, Any]
) -> None:
    """A decorator runs again in the handler: its present definition must be the one that wrapped it."""
    written = getattr(statement, "decorator_list", [])
    called = (one.func if isinstance(one, ast.Call) else one for one in written)
    decorators = {one.id for one in called if isinstance(one, ast.Name)}
    for wrapper in functions_in(value):
        by = wrapper.__code__.co_qualname.partition(".")[0]
        if wrapper is function or by not in decorators:
            continue
        live = namespace.get(by)
        present = cells.definition(live.__code__) if isinstance(live, types.FunctionType) else None
        if present is None or not cells.contains(*present, wrapper.__code__):
            raise _Changed(f"its decorator {by} has changed since: run its cell again")


def _check_defaults(function: types.FunctionType, statement: ast.stmt, namespace: Mapping[str, Any]) -> None:
    """A default is an expression that runs again in the handler: it must still give what it gave."""
    if not isinstance(statement, Function):
        return
    given = list(zip(reversed(statement.args.defaults), reversed(function.__defaults__ or ()), strict=False))
    by_name = function.__kwdefaults__ or {}
    for argument, default in zip(statement.args.kwonlyargs, statement.args.kw_defaults, strict=True):
        if default is not None and argument.arg in by_name:
            given.append((default, by_name[argument.arg]))
    for expression, live in given:
        if isinstance(expression, ast.Name) and expression.id in namespace:
            present = namespace[expression.id]
            if present is not live and not (is_plain(live) and same(present, live)):
                raise _Changed(f"its default {expression.id} has changed since: run its cell again")


def _dispatching(definition: Definition, value: Any) -> Definition:
    """``definition`` with the other implementations that a ``functools.singledispatch`` has been given."""
    registry = getattr(value, "registry", None)
    if not callable(getattr(value, "dispatch", None)) or not isinstance(registry, Mapping):
        return definition
    name = definition.name
    around: dict[str, Any] = {}
    lines = []
    for number, (kind, implementation) in enumerate(registry.items()):
        if kind is not object:
            first, second = f"{name}__type{number}", f"{name}__{kind.__name__}{number}"
            around |= {first: kind, second: implementation}
            lines.append(f"{name}.register({first}, {second})")
    if not lines:
        return definition
    used = replace(definition.uses, now=definition.uses.now | around.keys())
    return replace(definition, footer="\n".join(lines), uses=used, around=around)


def _made_by_library(name: str, value: types.FunctionType, cells: Cells) -> Definition | None:
    """``cached = functools.lru_cache(None)``: the assignment, if it still means what it did."""
    binding = cells.binding(name)
    if value.__module__ == "__main__" or binding is None:
        return None
    cell, statement = binding
    if bound_name(statement) != name or not isinstance(getattr(statement, "value", None), ast.Call):
        return None
    definition = defined_by(name, cell, statement, cells, "recomputed")
    for other in definition.uses.now:
        later = cells.binding(other)
        if later is not None and later[0].order > cell.order:
            return None
    return definition


def _cached(name: str, value: Any) -> Definition:
    """``fast = lru_cache(slow)``: a cache of the handler's own, as large as that one."""
    inner = f"{name}__wrapped"
    cached = f'__import__("functools").lru_cache(**{value.cache_parameters()!r})'
    text = f"{name} = {cached}({inner})"
    statement = ast.parse(text).body[0]
    return Definition(name, "function", statement, text, uses(statement), around={inner: value.__wrapped__})
