"""The handler's source, put together so that the same slice always gives the same text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.slice import MODULE_NAMES, Slice, in_python_itself
from jupyter_faas.model.errors import InternalError
from jupyter_faas.model.manifest import Segment

__all__ = ["Handler", "assemble"]


@dataclass(frozen=True)
class Handler:
    """The text of ``handler.py`` and which of its lines come from which cell."""

    source: str
    segments: tuple[Segment, ...]


def assemble(found: Slice, futures: Iterable[str]) -> Handler:
    """The handler of ``found``: futures, imports, constants, then definitions, each after what it needs.

    Within these bounds the order is that of the names, not that of execution, so that running cells again
    in another order gives the same function. Raises ``InternalError`` if the result doesn't hold together.
    """
    writer = _Writer()
    for feature in sorted(futures):
        writer.line(f"from __future__ import {feature}")
    for text in sorted(found.imports):
        writer.line(text)
    for name in sorted(found.constants):
        writer.line(f"{name} = {found.constants[name].expression}")
    for definition in _ordered(found.definitions):
        writer.definition(definition)
    handler = Handler("\n".join(writer.lines) + "\n", tuple(writer.segments))
    _check(handler.source, found)
    return handler


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.segments: list[Segment] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def definition(self, definition: Definition) -> None:
        self.lines += ["", ""]
        if definition.opening is not None:
            self.lines += definition.opening.split("\n")
        text = definition.text.split("\n")
        if definition.cell is not None:
            self.segments.append(
                Segment(
                    line=len(self.lines) + 1,
                    count=len(text),
                    cell=definition.cell.label,
                    cell_line=definition.line + definition.cell.offset,
                )
            )
        self.lines += text
        if definition.footer is not None:
            self.lines += definition.footer.split("\n")


def _ordered(definitions: Mapping[str, Definition]) -> list[Definition]:
    """The definitions so that each finds what its own execution needs; otherwise by name."""
    needs = {name: _needed_to_define(name, definitions) for name in definitions}
    direct = {name: needed & definitions[name].uses.now for name, needed in needs.items()}
    pending = set(definitions)
    ordered = []
    while pending:
        ready = [name for name in pending if not needs[name] & pending]
        # A cycle through bodies that aren't called while defining: what is named directly must do.
        ready = ready or [name for name in pending if not direct[name] & pending] or list(pending)
        chosen = min(ready)
        pending.discard(chosen)
        ordered.append(definitions[chosen])
    return ordered


def _needed_to_define(name: str, definitions: Mapping[str, Definition]) -> set[str]:
    """What must exist before ``name`` is defined: what its statement names, and what that may call."""
    needed: set[str] = set()
    pending = list(definitions[name].uses.now)
    while pending:
        current = pending.pop()
        if current in definitions and current not in needed:
            needed.add(current)
            pending += definitions[current].uses.needed
    return needed - {name}


def _check(source: str, found: Slice) -> None:
    """That the handler compiles and that each name it uses is bound in it, or is Python's own."""
    try:
        tree = ast.parse(source)
        compile(tree, "handler.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InternalError(f"The captured source of {found.entry} doesn't compile: {error}.") from error
    bound = found.bound
    written = {name for one in found.definitions.values() for name in one.uses.writes}
    needed = {name for one in found.definitions.values() for name in one.uses.needed}
    missing = needed - bound - written - MODULE_NAMES
    missing = {name for name in missing if not in_python_itself(name)}
    if found.entry not in bound or missing:
        raise InternalError(f"The capture of {found.entry} lost {', '.join(sorted(missing)) or 'itself'}.")
