"""Functions that no top-level ``def`` of the notebook gives back: made inside others, held by data, wrapped
or given other defaults since.

Each is made again from the source of its ``def`` or ``lambda``, inside a function of the handler's own. What
the live one has around it (free variables, defaults, attributes) goes along by value::

    def double(n):                # the free variables of the live function
        def times(x):             # its source, on its own lines
            return x * n
        return times
    double = double(double__n)    # what they are now
"""

from __future__ import annotations

import ast
import types
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.cells import Cell, Cells, Function
from jupyter_faas.kernel.definitions import Definition, NotDefinable
from jupyter_faas.kernel.ipython import without_set_up
from jupyter_faas.kernel.names import uses

__all__ = ["indented", "made_again"]

_INDENT: Final = "    "
_NOTEBOOK_MODULE: Final = "__main__"


def made_again(name: str, function: types.FunctionType, cells: Cells) -> Definition:
    """The statements that bind ``name`` to a function like ``function``.

    Raises ``NotDefinable`` if its source isn't a cell's, or can't stand by itself.
    """
    found = cells.function_source(function.__code__)
    if found is None:
        raise NotDefinable(_why_not(function))
    cell, node = found
    around = _Around(name)
    free, itself = _free_variables(function, around)
    inner = node.name if isinstance(node, Function) else "made"
    text, indent = _text(without_set_up(cell), node, inner)
    after = [f"{other} = {inner}" for other in itself if other != inner]
    after += _attributes(function, inner, around)
    parameters = ", ".join([*free, *(other for other in around.names if other not in free.values())])
    given = ", ".join(around.names)
    header = f"def {name}({parameters}):"
    footer = "\n".join(
        [*(indent + line for line in after), f"{indent}return {inner}", f"{name} = {name}({given})"]
    )
    tree = ast.parse(f"{header}\n{text}\n{footer}")
    ast.increment_lineno(tree, node.lineno - 2)  # the text begins on its second line
    together = ast.If(test=ast.Constant(True), body=tree.body, orelse=[])
    ast.fix_missing_locations(ast.copy_location(together, tree.body[0]))
    used = uses(together, lazy_annotations="annotations" in cells.futures(cell))
    used = replace(used, now=used.now | around.names.keys(), later=used.later - {name})
    return Definition(
        name, "closure" if free else _kind(node), together, text, used, cell, node.lineno, header, footer,
        around.names,
    )  # fmt: skip


def _kind(node: ast.AST) -> Any:
    return "lambda" if isinstance(node, ast.Lambda) else "function"


class _Around:
    """Names of the handler's own for the objects that a function has around it."""

    def __init__(self, owner: str) -> None:
        self.names: dict[str, Any] = {}
        self._owner = owner

    def name_of(self, what: str, value: Any) -> str:
        name = f"{self._owner}__{what}"
        while name in self.names and self.names[name] is not value:
            name += "_"
        self.names[name] = value
        return name


def _free_variables(function: types.FunctionType, around: _Around) -> tuple[dict[str, str], list[str]]:
    """The free variables with the names of what they hold, and those that hold ``function`` itself."""
    free: dict[str, str] = {}
    itself: list[str] = []
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            content = cell.cell_contents
        except ValueError:
            raise NotDefinable(f"its {variable} isn't assigned yet: define it at the top level") from None
        if content is function:
            itself.append(variable)
        else:
            free[variable] = around.name_of(variable, content)
    return free, itself


def _attributes(function: types.FunctionType, inner: str, around: _Around) -> list[str]:
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
    lines = [line.encode() for line in cell.lines]  # the tree counts columns in bytes
    last = (node.end_lineno or node.lineno) - 1
    if isinstance(node, ast.Lambda):
        lines[last] = lines[last][: node.end_col_offset]
    for one in sorted(defaults, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        first, end = one.lineno - 1, (one.end_lineno or one.lineno) - 1
        rest = lines[end][one.end_col_offset or 0 :]
        lines[first] = lines[first][: one.col_offset] + b"None"
        for between in range(first + 1, end + 1):
            lines[between] = b""
        lines[end] += rest
    if isinstance(node, ast.Lambda):
        lines[node.lineno - 1] = lines[node.lineno - 1][node.col_offset :]
    return [line.decode() for line in lines[node.lineno - 1 : last + 1]]


def indented(lines: list[str], tree: ast.Module) -> str:
    """``lines``, whose tree is ``tree``, indented but for those that begin inside a text."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        ):
            inside.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return "\n".join(
        line if number in inside or not line.strip() else _INDENT + line
        for number, line in enumerate(lines, start=1)
    )


def _why_not(function: types.FunctionType) -> str:
    code = function.__code__
    if code.co_filename.endswith(".py") and function.__module__ == _NOTEBOOK_MODULE:
        return f"its source is not a cell of this kernel but {code.co_filename}: define it in a cell"
    return "its source isn't known to this kernel: run the cell that defines it again"
