"""Answers of ``%faas`` as tables: HTML in a notebook, aligned text in a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_faas.kernel.markup import table
from jupyter_faas.kernel.receipt import caps_in_words
from jupyter_faas.model.caps import Caps

__all__ = ["Table", "fields_table", "function_table", "functions_table", "logs_table"]


@dataclass(frozen=True)
class Table:
    """Rows under named columns; ``empty`` is what is said when there are none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "nothing"

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        lines = [self.columns, *(tuple(cell.replace("\n", "; ") for cell in row) for row in self.rows)]
        widths = [max(len(line[index]) for line in lines) for index in range(len(self.columns))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        return table(self.columns, self.rows) if self.rows else table((self.empty,), ())


def functions_table(functions: Sequence[Mapping[str, Any]]) -> Table:
    """The catalogue."""
    columns = ("name", "version", "url", "packages", "instances", "published")
    rows = tuple(tuple(_word(function.get(column)) for column in columns) for function in functions)
    return Table(columns, rows, "No function is published yet: put %%publish on a cell.")


def function_table(function: Mapping[str, Any]) -> Table:
    """One function, in words."""
    caps, origin = function.get("caps"), function.get("origin") or {}
    described = {
        "name": function.get("name"),
        "about": function.get("doc"),
        "url": function.get("url"),
        "version": f"{function.get('version')} of {function.get('versions')}, {function.get('published')}",
        "parameters": _parameters(function.get("input_schema") or {}),
        "packages": function.get("packages") or "none: the standard library is enough",
        "python": function.get("python"),
        "environment": function.get("environment") or "no variables",
        "caps": caps_in_words(Caps.model_validate(caps)) if caps else None,
        "callers": "anyone" if function.get("public") else "whoever has the token",
        "instances": function.get("instances"),
        "from": " ".join(str(part) for part in origin.values() if part),
        "image": function.get("digest"),
    }
    return fields_table({name: value for name, value in described.items() if value not in (None, "")})


def logs_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    """What a function wrote, oldest first."""
    columns = ("time", "stream", "text", "invocation")
    rows = tuple(tuple(_word(line.get(column)) for column in columns) for line in lines)
    return Table(columns, rows, "It has written nothing yet.")


def fields_table(fields: Mapping[str, Any]) -> Table:
    """One thing, field by field."""
    return Table(("field", "value"), tuple((name, _word(value)) for name, value in fields.items()))


def _parameters(schema: Mapping[str, Any]) -> str:
    """``values (required), q = 0.5``."""
    required = schema.get("required", ())
    return ", ".join(
        f"{name} (required)" if name in required else f"{name} = {_word(parameter.get('default'))}"
        for name, parameter in schema.get("properties", {}).items()
    )


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
