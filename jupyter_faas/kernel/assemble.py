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
    for part in _ordered(found.definitions):
        if isinstance(part, Definition):
            writer.definition(part)
        else:
            writer.lines += part.split("\n")
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


def _ordered(definitions: Mapping[str, Definition]) -> list[Definition | str]:
    """The definitions, and the lines that complete some: each after what it needs, otherwise by name."""
    needs = {name: _needed_to_define(name, definitions) for name in definitions}
    direct = {name: needed & definitions[name].uses.now for name, needed in needs.items()}
    incomplete = {name: _completed_by(name, definitions) for name in definitions}
    incomplete = {name: names for name, names in incomplete.items() if definitions[name].completion}
    pending = set(definitions)
    ordered: list[Definition | str] = []
    while pending:
        ready = [name for name in pending if not needs[name] & pending]
        # A cycle through bodies that aren't called while defining: what is named directly must do.
        ready = ready or _in_cycles([name for name in pending if not direct[name] & pending], needs)
        chosen = min(ready or pending)
        taken = sorted(name for name in pending if definitions[name].taken_from == chosen)
        for name in (chosen, *taken):
            pending.discard(name)
            ordered.append(definitions[name])
        for name in sorted(name for name, names in incomplete.items() if not names & pending):
            del incomplete[name]
            ordered.append(definitions[name].completion or "")
    return ordered


def _completed_by(name: str, definitions: Mapping[str, Definition]) -> set[str]:
    return {name, *(definitions[name].completed_by & definitions.keys())}


def _in_cycles(names: list[str], needs: Mapping[str, set[str]]) -> list[str]:
    """Those of ``names`` that what they need needs in its turn; all of them if there are none."""
    return [name for name in names if any(name in needs[other] for other in needs[name])] or names


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
