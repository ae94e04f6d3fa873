"""The cell tagged ``parameters``, read as a signature. Nothing of it is run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.kernel.schemas import NotJson, Schemer
from jupyter_faas.kernel.whole.types import Type, UnknownType, inferred, type_in, type_of
from jupyter_faas.model.errors import CaptureError

__all__ = [
    "HIDE_INPUT",
    "Fault",
    "NoDefault",
    "Parameter",
    "fault_error",
    "python_parameters",
    "schema_of",
    "signature_of",
]

HIDE_INPUT: Final = "hide_input"
"""What every whole notebook takes besides its own parameters: a page without the code."""

_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
Fault = tuple[int, str]
"""A line of the cell and what is wrong with it."""


class NoDefault:
    """Stands for a default that is no literal, so that only the kernel knows it."""


@dataclass(frozen=True)
class Parameter:
    """One parameter; ``required`` if the cell gives it no value. ``default`` is what the source says."""

    name: str
    type: Type
    line: int
    required: bool = False
    default: Any = NoDefault
    text: str = ""
    """The default as it is written."""
    help: str = ""


def python_parameters(source: str) -> list[Parameter]:
    """The parameters in the source of a Python cell: plain assignments, with or without annotations.

    A comment behind one describes it; ``# type: int`` there gives its type. Without either, the default does.
    Raises ``ValueError`` with a list of ``Fault`` for everything else.
    """
    try:
        tree = ast.parse(source)
        comments = _comments(source)
    except (SyntaxError, ValueError, tokenize.TokenError) as error:
        raise ValueError([(getattr(error, "lineno", None) or 1, f"it isn't Python: {error}")]) from error
    found: dict[str, Parameter] = {}
    faults: list[Fault] = []
    for statement in tree.body:
        if _is_aside(statement):
            continue
        try:
            parameter = _parameter(statement, comments)
        except UnknownType as error:
            faults.append((statement.lineno, str(error)))
            continue
        if parameter is None:
            shown = ast.unparse(statement).splitlines()[0]
            faults.append(
                (statement.lineno, f"`{shown[:80]}` is no plain assignment: move it to another cell")
            )
        else:
            found[parameter.name] = parameter
    if faults:
        raise ValueError(faults)
    return list(found.values())


def fault_error(number: int, faults: Sequence[Fault]) -> CaptureError:
    """The one error for a cell tagged ``parameters``; ``number`` is that of the cell."""
    lines = "\n".join(f"- line {line}: {reason}." for line, reason in faults)
    names = [
        {"name": f"line {line}", "type": "parameter", "reason": why, "cell": number} for line, why in faults
    ]
    return CaptureError(
        f"The cell tagged `parameters` (cell {number}) can't be read as parameters:\n{lines}", names=names
    )


def schema_of(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a call's arguments; raises ``ValueError`` with a list of ``Fault``."""
    faults: list[Fault] = []
    properties: dict[str, Any] = {}
    schemer = Schemer({})
    for parameter in parameters:
        try:
            schema = schemer.of(parameter.type.annotation)
        except NotJson as error:
            faults.append((parameter.line, f"{parameter.name}: {error}"))
            continue
        if parameter.name == HIDE_INPUT:
            faults.append((parameter.line, f"every whole notebook takes {HIDE_INPUT} already: rename yours"))
        if parameter.help:
            schema["description"] = parameter.help
        if parameter.default is not NoDefault:
            schema["default"] = parameter.default
        properties[parameter.name] = schema
    if faults:
        raise ValueError(faults)
    properties[HIDE_INPUT] = {
        "type": "boolean",
        "default": False,
        "description": "Leave the code out of the page (text/html).",
        "x-faas-query": True,
    }
    return {
        "$schema": _SCHEMA,
        "type": "object",
        "properties": properties,
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }


def signature_of(name: str, parameters: Sequence[Parameter]) -> str:
    """The parameters as a reader of Python expects them."""
    written = (
        f"{one.name}: {one.type.shown}" + ("" if one.required else f" = {one.text}") for one in parameters
    )
    return f"{name}({', '.join(written)})"


def _parameter(statement: ast.stmt, comments: dict[int, str]) -> Parameter | None:
    """The statement as a parameter; None if it is no plain assignment. Raises ``UnknownType``."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            annotation = None
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            pass
        case _:
            return None
    comment = comments.get(statement.end_lineno or 0) or comments.get(statement.lineno, "")
    said, help_text = type_in(comment)
    default, text = _default(value)
    kind = type_of(annotation) if annotation is not None else said or inferred(default)
    return Parameter(name, kind, statement.lineno, value is None, default, text, help_text)


def _is_aside(statement: ast.stmt) -> bool:
    """Whether it is a text that describes, or an import that annotations need."""
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.ImportFrom(module="typing" | "__future__"):
            return True
        case ast.Import(names=[ast.alias(name="typing")]):
            return True
    return False


def _default(value: ast.expr | None) -> tuple[Any, str]:
    """What JSON has of the default, and how it is written."""
    if value is None:
        return NoDefault, ""
    text = ast.unparse(value)
    text = text if len(text) <= 60 else f"{text[:59]}…"
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NoDefault, text
    return (literal if _is_json(literal) else NoDefault), text


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN
    return value is None or isinstance(value, bool | int | str)


def _comments(source: str) -> dict[int, str]:
    """The comments behind code, by line, without their ``#``."""
    found: dict[int, str] = {}
    for token in _tokens(source):
        if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
            found[token.start[0]] = token.string.lstrip("#").strip()
    return found


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)
