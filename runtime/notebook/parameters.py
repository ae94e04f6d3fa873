"""The values of a call as a cell behind the one tagged ``parameters``: literals made of values, never text
that somebody sent.
"""

from __future__ import annotations

import math

from papermill.parameterize import parameterize_notebook
from papermill.translators import PythonTranslator, RTranslator, papermill_translators

from ..faults import Fault
from ..outcomes import CallFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def with_parameters(notebook: Any, values: dict[str, Any], described: dict[str, Any]) -> Any:
    """``notebook`` with a cell that assigns ``values``; itself if there are none.

    Raises ``CallFailed`` for a value that the notebook's language can't express.
    """
    if not values:
        return notebook
    notebook.metadata.setdefault("papermill", type(notebook)())
    for cell in notebook.cells:  # as papermill prepares what it reads
        cell.metadata.setdefault("tags", [])
    language = _NAMES.get(described["language"].lower(), described["language"])
    try:
        return parameterize_notebook(notebook, values, kernel_name=language, language=language)
    except Fault as fault:
        outcome = fault.outcome()
        raise CallFailed(outcome["code"], outcome["detail"], **outcome["figures"]) from None


def python_literal(value: Any) -> str:
    """An expression that gives ``value``: what JSON has, tuples too."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{python_literal(k)}: {python_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(python_literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{python_literal(each)}, " for each in value) + ")"
    if value is None or isinstance(value, (bool, int, float, str)):
        return ascii(value)
    raise TypeError(f"a {type(value).__name__} has no literal")


def r_literal(value: Any) -> str:
    """An R expression that gives ``value``: items of one kind as a vector, others as a list.

    Raises ``Fault`` for the character NUL, which R's texts can't hold.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), repr(value))
    if isinstance(value, str):
        return '"' + "".join(map(_r_character, value)) + '"'
    if isinstance(value, dict):
        return "list(" + ", ".join(f"{r_literal(k or ' ')} = {r_literal(v)}" for k, v in value.items()) + ")"
    kinds = {_r_kind(each) for each in value}
    maker = "c" if len(kinds) == 1 and kinds <= {"text", "number", "truth"} else "list"
    return f"{maker}(" + ", ".join(map(r_literal, value)) + ")"


def _r_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, (int, float)) else "text" if isinstance(value, str) else "other"


def _r_character(character: str) -> str:
    code = ord(character)
    if code == 0 or 0xD800 <= code < 0xE000:
        raise Fault("has a character that R's texts can't hold")
    if character in '"\\':
        return "\\" + character
    if 32 <= code < 127:
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Python(PythonTranslator):  # type: ignore[misc]
    """Papermill's, with our literals and without its formatter."""

    @classmethod
    def codify(cls, parameters: dict[str, Any], comment: str = "Parameters") -> str:
        """The source of the cell."""
        lines = [cls.comment(comment), *(f"{name} = {python_literal(v)}" for name, v in parameters.items())]
        return "\n".join(lines) + "\n"


class _R(RTranslator):  # type: ignore[misc]
    """Papermill's, with our literals: its texts depend on the locale, and its lists are no vectors."""

    @classmethod
    def codify(cls, parameters: dict[str, Any], comment: str = "Parameters") -> str:
        """The source of the cell."""
        lines = [cls.comment(comment)]
        for name, value in parameters.items():
            try:
                lines.append(f"{name} <- {r_literal(value)}")
            except Fault as fault:
                raise fault.inside(f".{name}") from None
        return "\n".join(lines) + "\n"


papermill_translators.register("python", _Python)
papermill_translators.register("R", _R)
_NAMES = {"python": "python", "r": "R"}
