"""A cell without a ``def``: its code becomes the body of a function of its inputs.

What the cell assigns becomes local to the function; what it only reads is captured as for any function.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.kernel.annotation import Annotation, check_name
from jupyter_faas.kernel.cells import Cell
from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.flow import Event, assigned_names, events
from jupyter_faas.kernel.ipython import without_set_up
from jupyter_faas.kernel.names import own_scope, uses
from jupyter_faas.kernel.rewriting import indented
from jupyter_faas.model.errors import AnnotationError

__all__ = ["Parameter", "body_name", "check_body", "function_of_body", "parameters_of", "stand_in"]

_INDENT: Final = "    "
_FORM: Final = 'write a name with an optional type and default: --input "r: float = 1.0"'


@dataclass(frozen=True)
class Parameter:
    """One ``--input``; ``text`` is as a ``def`` has it, ``default`` the expression of its default."""

    name: str
    text: str
    default: str | None


def parameters_of(texts: Sequence[str]) -> tuple[Parameter, ...]:
    """The ``--input`` options; raises ``AnnotationError`` for one that is no parameter, or given twice."""
    found: dict[str, Parameter] = {}
    for text in texts:
        parameter = _parameter(text)
        if parameter.name in found:
            raise AnnotationError(f"--input {parameter.name} is given twice: leave one out.")
        found[parameter.name] = parameter
    return tuple(found.values())


def _parameter(text: str) -> Parameter:
    try:
        tree = ast.parse(f"def _({text}):\n pass")
    except (SyntaxError, ValueError):
        raise AnnotationError(f"--input {text!r} is no parameter: {_FORM}.") from None
    match tree.body:
        case [
            ast.FunctionDef(
                args=ast.arguments([], [one], None, [], [], None, defaults) as arguments, body=[ast.Pass()]
            )
        ]:
            default = ast.unparse(defaults[0]) if defaults else None
            return Parameter(one.arg, ast.unparse(arguments), default)
    raise AnnotationError(f"--input {text!r} is not one parameter: {_FORM}, once for each.")


def body_name(annotation: Annotation) -> str:
    """The name under which the cell's code is published; raises ``AnnotationError`` if there is none."""
    if annotation.name is not None:
        return annotation.name
    if len(set(annotation.outputs)) == 1:
        return check_name(annotation.outputs[0])
    raise AnnotationError("A cell with several outputs needs a name: %%publish NAME --output …")


def check_body(cell: Cell, annotation: Annotation) -> tuple[Parameter, ...]:
    """The parameters of ``cell``'s code, if that can be a function's body.

    Raises ``AnnotationError`` with the line for what can't stand in one, for an output that is never
    assigned, an input that is never used, and a name read before the cell assigns it.
    """
    if annotation.entry is not None:
        raise AnnotationError(
            "--entry publishes a function that the cell defines, --input and --output the cell's own code: "
            "give one of both."
        )
    if not annotation.outputs:
        raise AnnotationError("--input needs an --output: the name of the cell's result. --output NAME")
    body_name(annotation)
    cell = without_set_up(cell, installs=True)
    parameters = parameters_of(annotation.inputs)
    _check_statements(cell)
    happened = list(events(cell.tree.body))
    assigned = assigned_names(happened)
    _check_outputs(annotation.outputs, assigned)
    for parameter in parameters:
        _check_input(parameter.name, cell, happened)
    _check_order(cell, happened, assigned - {parameter.name for parameter in parameters})
    return parameters


def _check_statements(cell: Cell) -> None:
    for statement in cell.tree.body:
        for node in own_scope(statement):
            reason = _no_part_of_a_body(node)
            if reason is not None:
                raise AnnotationError(f"{cell.place(getattr(node, 'lineno', 1))}: {reason}.")


def _no_part_of_a_body(node: ast.AST) -> str | None:
    match node:
        case ast.Return() | ast.Yield() | ast.YieldFrom():
            return "a cell has no return or yield of its own: name its results with --output"
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "a cell that awaits can't be published by its --output: write an async def"
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return "import * doesn't work inside a function: import the names that are used"
        case ast.ImportFrom(module="__future__"):
            return "a __future__ import belongs into a cell of its own"
        case ast.Global():
            return "global has no meaning here, where the cell's names are local: take it out"
        case ast.Name(id="get_ipython"):
            return "IPython's own syntax doesn't run outside a notebook: write it in Python"
    return None


def _check_outputs(outputs: Sequence[str], assigned: set[str]) -> None:
    for name in outputs:
        if name not in assigned:
            known = f"It assigns {', '.join(sorted(assigned))}." if assigned else "It assigns nothing."
            raise AnnotationError(f"--output {name}: the cell never assigns {name}. {known}")


def _check_input(name: str, cell: Cell, happened: Sequence[Event]) -> None:
    first = next((event for event in happened if event.name == name), None)
    if first is not None and first.writes:
        raise AnnotationError(
            f"--input {name}: {cell.place(first.line)} assigns {name} before it is read, so that an input "
            "would change nothing: take that line out."
        )
    read = {node.id for node in ast.walk(cell.tree) if isinstance(node, ast.Name)}
    if name not in read:
        raise AnnotationError(f"--input {name}: the cell never uses {name}.")


def _check_order(cell: Cell, happened: Sequence[Event], assigned: set[str]) -> None:
    known: set[str] = set()
    for event in happened:
        if event.writes:
            known.add(event.name)
        elif event.name in assigned - known:
            raise AnnotationError(
                f"{cell.place(event.line)} reads {event.name} before the cell assigns it: make it an "
                f"--input, or give what the cell assigns another name."
            )


def function_of_body(cell: Cell, annotation: Annotation, *, lazy: bool) -> Definition:
    """The function whose body is ``cell``'s code; ``lazy``: annotations aren't evaluated there.

    Raises as ``check_body`` does.
    """
    parameters = check_body(cell, annotation)
    cell = without_set_up(cell, installs=True)
    name = _free_name(body_name(annotation).replace("-", "_"), cell)
    outputs = list(dict.fromkeys(annotation.outputs))
    result = outputs[0] if len(outputs) == 1 else f"{{{', '.join(f'{one!r}: {one}' for one in outputs)}}}"
    header = f"def {name}({_listed(parameters)}):"
    text, footer = indented(cell.lines, cell.tree), f"{_INDENT}return {result}"
    (statement,) = ast.parse(f"{header}\n{text}\n{footer}").body
    ast.increment_lineno(statement, -1)  # the header is no line of the cell
    used = uses(statement, lazy_annotations=lazy)
    return Definition(name, "function", statement, text, used, cell, header=header, footer=footer)


def stand_in(made: Definition, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """A function with the signature and the docstring of ``made``, which does nothing."""
    scope: dict[str, Any] = {}
    code = compile(f"{made.header} pass", "<cell>", "exec", dont_inherit=True)
    exec(code, dict(namespace), scope)  # noqa: S102  the author's own, in the author's kernel
    function: Callable[..., Any] = scope[made.name]
    if isinstance(made.statement, ast.FunctionDef):
        function.__doc__ = ast.get_docstring(made.statement)
    return function


def _listed(parameters: Sequence[Parameter]) -> str:
    """The parameters of the ``def``: by name only if one without a default follows one with."""
    optional = [parameter.default is not None for parameter in parameters]
    star = ["*"] if optional != sorted(optional) else []
    return ", ".join([*star, *(parameter.text for parameter in parameters)])


def _free_name(name: str, cell: Cell) -> str:
    """``name``, changed if the cell means something else by it."""
    read = {node.id for node in ast.walk(cell.tree) if isinstance(node, ast.Name)}
    taken = read - assigned_names(events(cell.tree.body))
    while name in taken or keyword.iskeyword(name):
        name += "_"
    return name
