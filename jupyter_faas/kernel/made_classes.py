"""Classes that a function of the notebook has made: by a factory, by a decorator.

Each is made again from its class statement, inside a function of the handler's own, as closures are. The
variables of the function around it are found where the class keeps them: in the cells of its methods, in what
they have become (a base, an attribute, a default, an annotation). One that is nowhere is refused by name.
"""

from __future__ import annotations

import ast
import gc
import symtable
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.cells import Cells, Function, first_line
from jupyter_faas.kernel.class_sources import ClassSource
from jupyter_faas.kernel.closures import Around, assigned_inside, call_of, is_filled, leads_to
from jupyter_faas.kernel.definitions import Definition, NotDefinable
from jupyter_faas.kernel.ipython import without_set_up
from jupyter_faas.kernel.members import mangled
from jupyter_faas.kernel.names import Uses, uses
from jupyter_faas.kernel.rewriting import indented_block, lines_with, statement_with

__all__ = ["class_made_again", "variables_around"]

_INDENT: Final = "    "
_MOST_LOOKED_AT: Final = 5_000


def variables_around(source: ClassSource) -> frozenset[str]:
    """The variables of the functions around the class, its own name apart."""
    found: set[str] = set()
    for function in source.functions:
        for table in symtable.symtable(ast.unparse(function), "<cell>", "exec").get_children():
            if table.get_type() == "function" and table.get_name() == function.name:
                found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    return frozenset(found) - {source.statement.name}


def class_made_again(
    name: str, value: type, source: ClassSource, cells: Cells, replaced: Mapping[ast.expr, str]
) -> Definition:
    """The statements that bind ``name`` to a class like ``value``, with its expressions ``replaced``.

    Raises ``NotDefinable`` if it needs what is nowhere any more.
    """
    statement, lazy = source.statement, "annotations" in cells.futures(source.cell)
    variables = variables_around(source)
    around = Around(name)
    held = _held_cells(value, source, cells)
    if held.pop(statement.name, value) is not value:
        raise NotDefinable("a decorator has replaced it inside a function: define it at the top level")
    replaced = dict(replaced)
    missing = _needed(statement, replaced, lazy) & variables - held.keys()
    for expression, live in _live_parts(statement, value) if missing else ():
        if missing & {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}:
            replaced.setdefault(expression, around.name_of(f"made{len(around.names) + 1}", live))
    needed = _needed(statement, replaced, lazy) & variables
    if needed - held.keys():
        raise NotDefinable(_why_not(needed - held.keys(), source))
    kept = {variable: cell for variable, cell in held.items() if variable in needed}
    assigned = assigned_inside(source.cell, statement)
    shared = {one for one, cell in kept.items() if one in assigned or leads_to(cell, value)}
    free = {one: around.name_of(one, kept[one].cell_contents) for one in sorted(kept.keys() - shared)}
    joined = {one: around.name_of(f"{one}__cell", kept[one]) for one in sorted(shared)}

    header, text, footer = _text(name, value, source, replaced, free, joined)
    tree = ast.parse(f"{header}\n{text}\n{footer.rpartition(chr(10))[0]}")  # without the call of our own
    ast.increment_lineno(tree, first_line(statement) - header.count("\n") - 2)
    together = ast.If(test=ast.Constant(True), body=tree.body, orelse=[])
    ast.fix_missing_locations(ast.copy_location(together, tree.body[0]))
    used = uses(together, lazy_annotations=lazy)
    body = _uses(statement, replaced, lazy).now
    now = used.now | around.names.keys() | (body - variables - {statement.name})
    return Definition(
        name, "class", together, text, replace(used, now=now, later=used.later - {name}), source.cell,
        first_line(statement), header, footer, around.names,
    )  # fmt: skip


def _needed(statement: ast.ClassDef, replaced: Mapping[ast.expr, str], lazy: bool) -> frozenset[str]:
    names = {name for node in ast.walk(statement) if isinstance(node, ast.Nonlocal) for name in node.names}
    return _uses(statement, replaced, lazy).needed | names


def _uses(statement: ast.ClassDef, replaced: Mapping[ast.expr, str], lazy: bool) -> Uses:
    """What the class statement uses of what is around it, seen as one of a module's top level."""
    changed = _WithoutNonlocal().visit(statement_with(statement, replaced))
    return uses(changed, lazy_annotations=lazy)


class _WithoutNonlocal(ast.NodeTransformer):
    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)


def _text(
    name: str,
    value: type,
    source: ClassSource,
    replaced: Mapping[ast.expr, str],
    free: Mapping[str, str],
    joined: dict[str, str],
) -> tuple[str, str, str]:
    """The lines before the class statement, its own, and those after it, which call what is around it."""
    statement = source.statement
    lines = lines_with(without_set_up(source.cell).lines, replaced)
    lines = lines[first_line(statement) - 1 : statement.end_lineno]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    header = f"def {name}({', '.join([*free, *(f'{one}=None' for one in joined)])}):"
    text, after = "\n".join(lines), [f"{indent}return {statement.name}"]
    called = call_of(name, list(free.values()), joined)
    if joined:  # cells can be given to a function only, and so there is one more around the class
        header += f"\n{_INDENT}def made():"
        text, indent = indented_block(lines), _INDENT + indent
        after = [f"{indent}return {statement.name}", f"{_INDENT}return made"]
        called += "()"
    naming = f"{indent}{statement.name}.__qualname__ = {value.__qualname__!r}"
    return header, text, "\n".join([naming, *after, f"{name} = {called}"])


def _held_cells(value: type, source: ClassSource, cells: Cells) -> dict[str, Any]:
    """The cells of the variables that functions of the class have around them; the class by its own name."""
    found: dict[str, Any] = {}
    for function in _functions_inside(value, source, cells):
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if variable == source.statement.name:
                found.setdefault(variable, cell.cell_contents if is_filled(cell) else None)
            elif variable != "__class__" and is_filled(cell):
                found.setdefault(variable, cell)
    return found


def _functions_inside(value: type, source: ClassSource, cells: Cells) -> Iterator[types.FunctionType]:
    """The functions that the class statement has made, as far as the class still holds them."""
    first, last = first_line(source.statement), source.statement.end_lineno or source.statement.lineno
    pending: list[Any] = list(vars(value).values())
    seen = {id(value)}
    while pending and len(seen) < _MOST_LOOKED_AT:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, types.FunctionType):
            code = current.__code__
            if first <= code.co_firstlineno <= last and source.holds(code, cells):
                yield current
            held = [cell.cell_contents for cell in current.__closure__ or () if is_filled(cell)]
            pending += [*held, *(current.__defaults__ or ()), *vars(current).values()]
        elif isinstance(current, type):
            pending += vars(current).values() if current.__module__ == value.__module__ else ()
        elif not isinstance(current, types.ModuleType):
            pending += gc.get_referents(current)


def _live_parts(statement: ast.ClassDef, value: type) -> Iterator[tuple[ast.expr, Any]]:
    """Expressions that ran with the class statement, each with what it gave."""
    bases = vars(value).get("__orig_bases__", value.__bases__)
    if not any(isinstance(base, ast.Starred) for base in statement.bases):
        yield from zip(statement.bases, bases, strict=False)
    members = vars(value)
    for part in statement.body:
        match part:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                types_given = members.get("__annotations__", {})
                if mangled(name, statement.name) in types_given:
                    yield annotation, types_given[mangled(name, statement.name)]
            case ast.Assign(targets=[ast.Name(id=name)], value=expression):
                if mangled(name, statement.name) in members:
                    yield expression, members[mangled(name, statement.name)]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                live = members.get(mangled(part.name, statement.name))
                live = getattr(live, "__func__", live)
                if isinstance(live, types.FunctionType) and live.__code__.co_firstlineno == first_line(part):
                    yield from _of_signature(part, live)


def _of_signature(part: Function, live: types.FunctionType) -> Iterator[tuple[ast.expr, Any]]:
    yield from zip(reversed(part.args.defaults), reversed(live.__defaults__ or ()), strict=False)
    for argument, default in zip(part.args.kwonlyargs, part.args.kw_defaults, strict=True):
        if default is not None and argument.arg in (live.__kwdefaults__ or {}):
            yield default, (live.__kwdefaults__ or {})[argument.arg]
    for argument in (*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs):
        if argument.annotation is not None and argument.arg in live.__annotations__:
            yield argument.annotation, live.__annotations__[argument.arg]
    if part.returns is not None and "return" in live.__annotations__:
        yield part.returns, live.__annotations__["return"]


def _why_not(variables: frozenset[str] | set[str], source: ClassSource) -> str:
    names = ", ".join(sorted(variables))
    makers = "(), ".join(function.name for function in source.functions)
    return (
        f"it was made inside {makers}(), and keeps nothing of what {names} was there: define it at the top "
        f"level, or keep {names} as an attribute of the class"
    )
