"""Functions, classes and types of the notebook, carried by the source that made the live object."""

from __future__ import annotations

import ast
import functools
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_faas.kernel.cells import Cell, Cells, Function, first_line
from jupyter_faas.kernel.constants import is_plain, same
from jupyter_faas.kernel.names import Uses, uses

__all__ = ["Definition", "NotDefinable", "alias_of", "definition_for"]

_NOTEBOOK_MODULE = "__main__"
_TYPE_FORMS = (
    types.GenericAlias,
    types.UnionType,
    typing.TypeVar,
    typing.ParamSpec,
    typing.NewType,
    type(typing.Literal[1]).__mro__[1],  # the class of all subscripted typing forms
)


class NotDefinable(ValueError):
    """The object can't be made again from source; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A statement of the handler that binds ``name``; ``line`` is that of its first line in ``cell``.

    ``header`` and ``footer`` are lines around the text that no cell has.
    """

    name: str
    kind: Literal["function", "class", "lambda", "type", "alias", "value", "recomputed"]
    statement: ast.stmt
    text: str
    uses: Uses
    cell: Cell | None = None
    line: int = 1
    header: str | None = None
    footer: str | None = None

    @property
    def opening(self) -> str | None:
        """The line before the text; one that stood inside an ``if`` or ``try`` needs one around it."""
        return self.header or ("if True:" if self.text[:1].isspace() else None)


def definition_for(name: str, value: Any, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The statement that gives ``name`` the live object ``value``; None if no source could ever do that.

    Raises ``NotDefinable`` for an object that came from source, but not in a way that can be repeated.
    """
    if isinstance(value, types.MethodType):
        raise NotDefinable("a bound method carries its object along: call it inside a function instead")
    if isinstance(value, functools.partial):
        raise NotDefinable(
            "a partial can't be carried yet: write it as a function (def) that calls the other"
        )
    if isinstance(value, type):
        return _of_class(name, value, cells, namespace)
    if isinstance(value, _TYPE_FORMS):
        return _of_assignment(name, cells, "type")
    return _of_function(name, value, cells, namespace)


def _of_function(name: str, value: Any, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    for function in _functions_in(value):
        found = cells.definition(function.__code__)
        if found is None:
            continue
        cell, statement = found
        bound = _bound_name(statement)
        if bound == name:
            _refuse_changes(name, value, function, statement, cells)
            _refuse_stale_defaults(function, statement, namespace)
            return _definition(name, cell, statement, cells)
        if bound is not None and namespace.get(bound) is value:
            return alias_of(name, bound)
    if isinstance(value, types.FunctionType):
        raise NotDefinable(_why_not(value, cells))
    return None


def _functions_in(value: Any) -> Iterator[types.FunctionType]:
    """``value`` and what a decorator may have wrapped in it, outermost first."""
    pending: list[Any] = [value]
    seen: set[int] = set()
    while pending and len(seen) < 50:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, types.FunctionType):
            yield current
            pending += [cell.cell_contents for cell in current.__closure__ or () if _is_filled(cell)]
        attributes = getattr(current, "__dict__", {})
        if isinstance(attributes, dict) and not isinstance(current, type | types.ModuleType):
            pending += [inner for inner in attributes.values() if callable(inner)]


def _is_filled(cell: types.CellType) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:
        return False


def _bound_name(statement: ast.stmt) -> str | None:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _refuse_changes(
    name: str, value: Any, function: types.FunctionType, statement: ast.stmt, cells: Cells
) -> None:
    decorated = bool(getattr(statement, "decorator_list", []))
    if value is function:
        if vars(function) and not decorated:
            attributes = ", ".join(sorted(vars(function)))
            raise NotDefinable(f"attributes were set on it after its definition ({attributes})")
        return
    binding = cells.binding(name)
    if not decorated or (binding is not None and binding[1] is not statement):
        raise NotDefinable("it was wrapped after its definition: use a decorator, then run its cell again")
    dispatched = getattr(value, "registry", None)
    if callable(getattr(value, "dispatch", None)) and isinstance(dispatched, Mapping) and len(dispatched) > 1:
        raise NotDefinable("the other implementations of a singledispatch function can't be carried yet")


def _refuse_stale_defaults(
    function: types.FunctionType, statement: ast.stmt, namespace: Mapping[str, Any]
) -> None:
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
                raise NotDefinable(f"its default {expression.id} has changed since: run its cell again")


def _why_not(function: types.FunctionType, cells: Cells) -> str:
    code = function.__code__
    if "<locals>" in code.co_qualname:
        maker = code.co_qualname.partition(".")[0]
        return f"a function made inside {maker}() can't be carried yet: define it at the top level of a cell"
    found = cells.definition(code)
    if found is not None:
        cell, statement = found
        if _bound_name(statement) is not None:
            return (
                f"it is an older {code.co_name} ({cell.place(statement.lineno)}): give it a name of its own"
            )
    if code.co_name == "<lambda>":
        return "only a lambda that is assigned to one name can be carried: write it as a function (def)"
    if code.co_filename.endswith(".py") and function.__module__ == _NOTEBOOK_MODULE:
        return f"its source is not a cell of this kernel but {code.co_filename}: define it in a cell"
    return "its source isn't known to this kernel: run the cell that defines it again"


def _of_class(name: str, value: type, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    if value.__module__ != _NOTEBOOK_MODULE:
        return None
    if "<locals>" in value.__qualname__:
        raise NotDefinable("a class made inside a function can't be carried: define it at the top level")
    for cell, statement in _class_statements(value.__qualname__, cells):
        if not _could_have_made(statement, value, cell, cells):
            continue
        if statement.name == name:
            _refuse_patches(value, statement, cells)
            return _definition(name, cell, statement, cells)
        if namespace.get(statement.name) is value:
            return alias_of(name, statement.name)
        where = cell.place(statement.lineno)
        raise NotDefinable(f"it is an older {statement.name} ({where}): give it a name of its own")
    made_by_call = _of_assignment(name, cells, "class")
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
            if type(live) is type(expected) and not same(live, expected):
                return False
    return True


def _refuse_patches(value: type, statement: ast.ClassDef, cells: Cells) -> None:
    if statement.decorator_list:
        return
    for attribute, method in _methods(value):
        qualname = method.__code__.co_qualname
        if "." not in qualname and qualname != "<lambda>" and cells.definition(method.__code__) is not None:
            raise NotDefinable(f"its {attribute} was attached after its definition: write it in the class")


def _of_assignment(name: str, cells: Cells, kind: Literal["class", "type"]) -> Definition | None:
    """Types made by an expression: ``Vector = list[float]``, ``Point = namedtuple("Point", "x y")``."""
    binding = cells.binding(name)
    if binding is None:
        return None
    cell, statement = binding
    if _bound_name(statement) != name or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    if statement.value is None or (kind == "class" and not isinstance(statement.value, ast.Call)):
        return None
    return _definition(name, cell, statement, cells, kind)


def alias_of(name: str, bound: str) -> Definition:
    """``name`` as another name for what ``bound`` is."""
    text = f"{name} = {bound}"
    statement = ast.parse(text).body[0]
    return Definition(name, "alias", statement, text, uses(statement))


def _definition(
    name: str,
    cell: Cell,
    statement: ast.stmt,
    cells: Cells,
    kind: Literal["function", "class", "lambda", "type"] | None = None,
) -> Definition:
    lazy = "annotations" in cells.futures(cell)
    if isinstance(statement, Function | ast.ClassDef):
        start, end = first_line(statement), statement.end_lineno or statement.lineno
        text = "\n".join(cell.lines[start - 1 : end])
        kind = kind or ("class" if isinstance(statement, ast.ClassDef) else "function")
    else:
        start = statement.lineno
        text = ast.get_source_segment(cell.source, statement) or ast.unparse(statement)
        kind = kind or "lambda"
    used = uses(statement, lazy_annotations=lazy)
    if name in used.now:
        raise NotDefinable("its definition uses an earlier thing of the same name: give that another name")
    return Definition(name, kind, statement, text, used, cell, start)
