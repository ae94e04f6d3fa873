"""The cell tagged ``parameters`` of an R notebook: lines ``name <- value  # type: numeric What it is``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from jupyter_faas.kernel.whole.parameters import Fault, NoDefault, Parameter
from jupyter_faas.kernel.whole.types import ANY, Type, inferred

__all__ = ["r_parameters"]

_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z.][A-Za-z0-9._]*)\s*(?:<-|=)(?!=)\s*(.+?)\s*;?\s*", re.DOTALL)
_TYPE: Final = re.compile(r"type:\s*([A-Za-z]+)\s*(.*)")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?")
_TEXT: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_PIECE: Final = re.compile(rf"{_TEXT.pattern}|#[^\n]*|[(){{}}\[\],\n]|[^\"'#(){{}}\[\],\n]+|.", re.DOTALL)
_WORDS: Final = {"TRUE": True, "FALSE": False, "T": True, "F": False, "NULL": None}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_TYPES: Final = {
    "integer": Type(int, "int"),
    "int": Type(int, "int"),
    "numeric": Type(float, "float"),
    "double": Type(float, "float"),
    "float": Type(float, "float"),
    "character": Type(str, "str"),
    "str": Type(str, "str"),
    "logical": Type(bool, "bool"),
    "bool": Type(bool, "bool"),
    "vector": Type(list, "list"),
    "list": Type(list | dict, "list | dict"),
}


def r_parameters(source: str) -> list[Parameter]:
    """The parameters in the source of an R cell; raises ``ValueError`` with a list of ``Fault``."""
    found: dict[str, Parameter] = {}
    faults: list[Fault] = []
    for line, code, comment in _statements(source):
        match = _ASSIGNMENT.fullmatch(code)
        if match is None:
            shown = code.strip().splitlines()[0][:80]
            faults.append(
                (line, f"`{shown}` is no plain assignment (name <- value): move it to another cell")
            )
            continue
        name, text = match[1], match[2]
        default = _value(text)
        said = _TYPE.fullmatch(comment)
        if said and said[1] not in _TYPES:
            faults.append((line, f"there is no type {said[1]!r}: write one of {', '.join(_TYPES)}"))
            continue
        kind = _TYPES[said[1]] if said else ANY if default is NoDefault else inferred(default)
        described = (said[2] if said else comment).removeprefix("help:").strip()
        found[name] = Parameter(name, kind, line, False, default, text[:60], described)
    if faults:
        raise ValueError(faults)
    return list(found.values())


def _statements(source: str) -> Iterator[tuple[int, str, str]]:
    """First line, code and trailing comment of each statement; brackets continue one over lines."""
    line, depth, code, comment, begun = 1, 0, "", "", 1
    for piece in (match[0] for match in _PIECE.finditer(source + "\n")):
        if piece == "\n" and depth <= 0:
            if code.strip():
                yield begun, code, comment
            code, comment = "", ""
        elif piece.startswith("#"):
            comment = piece.lstrip("#").strip()
        else:
            depth += (piece in "([{") - (piece in ")]}") if len(piece) == 1 else 0
            begun = begun if code.strip() else line
            code += piece
        line += piece.count("\n")
    if code.strip():
        yield begun, code, comment


def _value(text: str) -> Any:
    """What JSON has of an R literal; ``NoDefault`` for any other expression."""
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        digits = text.rstrip("L")
        return int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits)
    if _TEXT.fullmatch(text):
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])
    vector = re.fullmatch(r"(?:c|list)\s*\((.*)\)", text, re.DOTALL)
    if vector is None:
        return NoDefault
    items = [_value(item) for item in _items(vector[1])]
    return NoDefault if any(item is NoDefault for item in items) else items


def _items(text: str) -> Iterator[str]:
    item, depth = "", 0
    for piece in (match[0] for match in _PIECE.finditer(text)):
        depth += (piece in "([{") - (piece in ")]}") if len(piece) == 1 else 0
        if piece == "," and depth == 0:
            yield item
            item = ""
        elif not piece.startswith("#"):
            item += piece
    if item.strip():
        yield item
