"""Functions that no top-level ``def`` of the notebook gives back: made inside others, held by data, wrapped
or given other defaults since.

Each is made again from the source of its ``def`` or ``lambda``, inside a function of the handler's own. What
the live one has around it (free variables, defaults, attributes) goes along by value::

    def double(n):                # the free variables of the live function
        def times(x):             # its source, on its own lines
            return x * n
        return times
    double = double(double__n)    # what they are now

A variable that functions share and one of them assigns (``nonlocal``), or whose value leads back to the
function (two that call each other), goes along as the cell that it is. Cells are made empty, and filled when
what they hold is defined::

    even__odd__cell = types.CellType()
    ...
    even = joined(even(None), odd=even__odd__cell)
    even__odd__cell.cell_contents = odd
"""

from __future__ import annotations

import ast
import functools
import types
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.cells import Cell, Cells, Function, first_line
from jupyter_faas.kernel.definitions import Definition, NotDefinable
from jupyter_faas.kernel.ipython import without_set_up
from jupyter_faas.kernel.names import uses
from jupyter_faas.kernel.rewriting import indented, lines_with

__all__ = ["Around", "assigned_inside", "call_of", "cell_definition", "is_filled", "leads_to", "made_again"]

_INDENT: Final = "    "
_CELL: Final = "__cell"
_MOST_HELD: Final = 10_000
_NOTEBOOK_MODULE: Final = "__main__"


def made_again(name: str, function: types.FunctionType, cells: Cells) -> Definition:
    """The statements that bind ``name`` to a function like ``function``.

    Raises ``NotDefinable`` if its source isn't a cell's, or can't stand by itself.
    """
    found = cells.function_source(function.__code__)
    if found is None:
        raise NotDefinable(_why_not(function))
    cell, node = found
    around = Around(name)
    free, itself, shared = _free_variables(function, around, assigned_inside(cell, node))
    inner = node.name if isinstance(node, Function) else "made"
    text, indent = _text(without_set_up(cell), node, inner)
    after = [f"{other} = {inner}" for other in itself if other != inner]
    after += _attributes(function, inner, around)
    given = [other for other in around.names if other not in shared.values()]
    own = [other for other in given if other not in free.values()]
    header = f"def {name}({', '.join([*free, *own, *(f'{variable}=None' for variable in shared)])}):"
    ends = [*(indent + line for line in after), f"{indent}return {inner}"]
    tree = ast.parse("\n".join([header, text, *ends]))
    footer = "\n".join([*ends, f"{name} = {call_of(name, given, shared)}"])
    ast.increment_lineno(tree, node.lineno - 2)  # the text begins on its second line
    together = ast.If(test=ast.Constant(True), body=tree.body, orelse=[])
    ast.fix_missing_locations(ast.copy_location(together, tree.body[0]))
    used = uses(together, lazy_annotations="annotations" in cells.futures(cell))
    used = replace(used, now=used.now | around.names.keys(), later=used.later - {name})
    return Definition(
        name, "closure" if free or shared else _kind(node), together, text, used, cell, node.lineno, header,
        footer, around.names,
    )  # fmt: skip


def _kind(node: ast.AST) -> Any:
    return "lambda" if isinstance(node, ast.Lambda) else "function"


class Around:
    """Names of the handler's own for the objects that a function has around it."""

    def __init__(self, owner: str) -> None:
        self.names: dict[str, Any] = {}
        self._owner = owner

    def name_of(self, what: str, value: Any) -> str:
        """The name for ``value``; ``what`` it is tells it from the others."""
        name = f"{self._owner}__{what}"
        while name in self.names and self.names[name] is not value:
            name += "_"
        self.names[name] = value
        return name


def call_of(name: str, given: list[str], shared: dict[str, str]) -> str:
    """The expression that makes the function, with the cells that it shares."""
    made = f"{name}({', '.join(given)})"
    if not shared:
        return made
    cells = ", ".join(f"{variable}={cell}" for variable, cell in shared.items())
    return f'__import__("faas_runtime.cells", fromlist=["joined"]).joined({made}, {cells})'


def cell_definition(name: str, cell: types.CellType) -> Definition:
    """The statements that bind ``name`` to a cell which holds what ``cell`` does."""
    text = f'{name} = __import__("types").CellType()'
    content = name.removesuffix(_CELL)
    used = replace(uses(ast.parse(text).body[0]), later=frozenset({content}))
    return Definition(
        name, "cell", ast.parse(text).body[0], text, used, around={content: cell.cell_contents},
        completion=f"{name}.cell_contents = {content}", completed_by=frozenset({content}),
    )  # fmt: skip


def _free_variables(
    function: types.FunctionType, around: Around, assigned: set[str]
) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """The free variables with the names of what they hold, those that hold ``function`` itself,
    and those that have to be cells, with the names of these."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for variable, cell in cells.items():
        if not is_filled(cell):
            raise NotDefinable(f"its {variable} isn't assigned yet: define it at the top level")
    itself = [name for name, cell in cells.items() if cell.cell_contents is function]
    back = {name for name, cell in cells.items() if name not in itself and leads_to(cell, function)}
    shared = {name for name in cells if name in assigned or name in back}
    if shared:
        shared |= set(itself)
    free = {
        name: around.name_of(name, cell.cell_contents)
        for name, cell in cells.items()
        if name not in itself and name not in shared
    }
    return (
        free,
        [name for name in itself if name not in shared],
        {name: around.name_of(name + _CELL, cells[name]) for name in cells if name in shared},
    )


def is_filled(cell: types.CellType) -> bool:
    """Whether the variable of ``cell`` has been assigned."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def assigned_inside(cell: Cell, node: ast.AST) -> set[str]:
    """The variables that ``node``, or a function beside it, assigns though they are another function's."""
    line = getattr(node, "lineno", 0)
    around = next(one for one in cell.statements if first_line(one) <= line <= (one.end_lineno or line))
    return {name for one in ast.walk(around) if isinstance(one, ast.Nonlocal) for name in one.names}


def leads_to(start: Any, function: types.FunctionType | type) -> bool:
    """Whether ``function``, or a class, is found from ``start`` by what it holds, to any depth."""
    pending, seen = [start], {id(start)}
    while pending and len(seen) < _MOST_HELD:
        current = pending.pop()
        if current is function:
            return True
        for held in _held_by(current):
            if id(held) not in seen:
                seen.add(id(held))
                pending.append(held)
    return False


def _held_by(value: Any) -> list[Any]:
    match value:
        case types.CellType():
            return [value.cell_contents] if is_filled(value) else []
        case list() | tuple() | set() | frozenset():
            return list(value)[:_MOST_HELD]
        case dict():
            return list(value.values())[:_MOST_HELD]
        case type():
            own = value.__module__ == _NOTEBOOK_MODULE
            return [*value.__bases__, *vars(value).values()] if own else []
        case types.ModuleType():
            return []
    parts = _parts_of_callable(value)
    if parts is not None:
        return parts
    # A class without a name goes along by what made it, as a function does.
    kind = [type(value)] if "<locals>" in type(value).__qualname__ else []
    return [*kind, *getattr(value, "__dict__", {}).values()]


def _parts_of_callable(value: Any) -> list[Any] | None:
    match value:
        case types.FunctionType():
            return [*(value.__closure__ or ()), *(value.__defaults__ or ()), *vars(value).values()]
        case types.MethodType():
            return [value.__self__, value.__func__]
        case functools.partial():
            return [value.func, *value.args, *value.keywords.values()]
        case staticmethod() | classmethod():
            return [value.__func__]
        case property():
            return [value.fget, value.fset, value.fdel]
    return None


def _attributes(function: types.FunctionType, inner: str, around: Around) -> list[str]:
    """The statements that give the function ``inner`` what ``function`` has but its source doesn't say."""
    lines = []
    code = function.__code__
    if function.__defaults__:
        names = code.co_varnames[: code.co_argcount][-len(function.__defaults__) :]
        given = [
            around.name_of(name, value) for name, value in zip(names, function.__defaults__, strict=True)
        ]
        lines.append(f"{inner}.__defaults__ = ({', '.join(given)},)")
    if function.__kwdefaults__:
        pairs = [
            f"{name!r}: {around.name_of(name, value)}" for name, value in function.__kwdefaults__.items()
        ]
        lines.append(f"{inner}.__kwdefaults__ = {{{', '.join(pairs)}}}")
    attributes = dict(vars(function))
    wrapped = attributes.pop("__wrapped__", None)
    if wrapped is not None:
        name = around.name_of("wrapped", wrapped)
        lines.append(f'__import__("functools").update_wrapper({inner}, {name})')
        attributes = {key: value for key, value in attributes.items() if not _has(wrapped, key, value)}
    for key, value in attributes.items():
        lines.append(f"{inner}.{key} = {around.name_of(key, value)}")
    return lines


def _has(wrapped: Any, key: str, value: Any) -> bool:
    return key in getattr(wrapped, "__dict__", {}) and wrapped.__dict__[key] is value


def _text(cell: Cell, node: ast.AST, inner: str) -> tuple[str, str]:
    """The source of ``node`` as the first statement of a function's body, and its indentation.

    Its defaults are taken out: they may name what is nowhere any more.
    """
    assert isinstance(node, Function | ast.Lambda)  # noqa: S101  what the cells give
    lines = _without_defaults(cell, node)
    if isinstance(node, ast.Lambda):
        return f"{_INDENT}{inner} = (" + "\n".join(lines) + ")", _INDENT
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    if indent:
        return "\n".join(lines), indent
    return indented(lines, ast.parse("\n".join(lines))), _INDENT


def _without_defaults(cell: Cell, node: Function | ast.Lambda) -> list[str]:
    defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None]
    lines = lines_with(cell.lines, dict.fromkeys(defaults, "None"))
    last = (node.end_lineno or node.lineno) - 1
    if isinstance(node, ast.Lambda):
        # Shorter or longer by what was replaced on its last line; the tree counts columns in bytes.
        cut = len(cell.lines[last].encode()) - (node.end_col_offset or 0)
        lines[last] = lines[last].encode()[: len(lines[last].encode()) - cut].decode()
        lines[node.lineno - 1] = lines[node.lineno - 1].encode()[node.col_offset :].decode()
    return lines[node.lineno - 1 : last + 1]


def _why_not(function: types.FunctionType) -> str:
    code = function.__code__
    if code.co_filename.endswith(".py") and function.__module__ == _NOTEBOOK_MODULE:
        return f"its source is not a cell of this kernel but {code.co_filename}: define it in a cell"
    if code.co_filename.startswith("<") and not code.co_filename.startswith("<ipython-"):
        return (
            f"it was made of a text ({code.co_filename}), as exec, eval and some libraries do, which leaves "
            "no source: define it with def in a cell"
        )
    return "its source isn't known to this kernel: run the cell that defines it again"
