"""The slice of a notebook that an entry function needs, from source alone.

What only execution can tell is refused, all of it at once, with the cell and the line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from jupyter_faas.cli.static.source import Binding, Source
from jupyter_faas.kernel.cells import Function, first_line
from jupyter_faas.kernel.constants import NotPlain, constant_source
from jupyter_faas.kernel.definitions import Definition, cleaned
from jupyter_faas.kernel.imports import Import, is_authoring, lazy_imports
from jupyter_faas.kernel.localcode import LocalCode, NotCarriable
from jupyter_faas.kernel.names import line_of, uses
from jupyter_faas.kernel.origins import Origin, Origins
from jupyter_faas.kernel.refusals import Refusal, capture_error
from jupyter_faas.kernel.slice import MODULE_NAMES, Slice, in_python_itself, module_problem
from jupyter_faas.model.errors import CaptureError

__all__ = ["definition_of", "static_slice"]

_ADVICE: Final = "Publish without --no-execute: then the notebook is run, and what it makes is published."
_MUTABLE: Final = (list, dict, set)
_UNKNOWN = "what it is then, only running the notebook tells"


def static_slice(entry: Definition, source: Source, origins: Origins) -> Slice:
    """What ``entry`` reaches in ``source``, to any depth.

    Raises one ``CaptureError`` that names everything which the source doesn't tell.
    """
    slicer = _Slicer(entry, source, origins)
    slicer.run()
    if slicer.refusals:
        error = capture_error(entry.name, slicer.refusals)
        raise CaptureError(f"{error.detail}\n{_ADVICE}", **error.figures)
    return slicer.slice


def definition_of(name: str, binding: Binding, source: Source) -> Definition:
    """The function, class or lambda that ``binding`` gives ``name``."""
    cell, statement = binding.cell, binding.statement
    if isinstance(statement, Function | ast.ClassDef):
        cell, statement = cleaned(cell, statement)
        used = uses(statement, lazy_annotations="annotations" in source.futures(cell))
        start, end = first_line(statement), statement.end_lineno or statement.lineno
        text = "\n".join(cell.lines[start - 1 : end])
        kind: Any = "class" if isinstance(statement, ast.ClassDef) else "function"
        return Definition(name, kind, statement, text, used, cell, start)
    text = ast.get_source_segment(cell.source, statement) or ast.unparse(statement)
    used = uses(statement, lazy_annotations="annotations" in source.futures(cell))
    return Definition(name, "lambda", statement, text, used, cell, statement.lineno)


class _Slicer:
    def __init__(self, entry: Definition, source: Source, origins: Origins) -> None:
        self._entry = entry
        self._source = source
        self._origins = origins
        self._local = LocalCode()
        self.slice = Slice(entry.name)
        self.refusals: list[Refusal] = []

    def run(self) -> None:
        self._check_changes(self._entry)
        pending = list(self._take(self._entry))
        seen = {self._entry.name}
        while pending:
            name, user, hint = pending.pop(0)
            if name in seen:
                continue
            seen.add(name)
            definition = self._resolve(name, user, hint)
            if definition is not None:
                self._check_changes(definition)
                pending += self._take(definition)

    def _take(self, definition: Definition) -> Iterator[tuple[str, Definition, bool]]:
        self.slice.definitions[definition.name] = definition
        if definition.cell is not None:
            self.slice.used_cells.append(definition.cell)
        for lazy in lazy_imports(definition.statement):
            origin = self._origins.of(lazy.module)
            if not (origin.kind == "missing" and lazy.guarded):
                self._need(origin, f"import in {definition.name}", lazy.module, definition)
        for name in sorted(definition.uses.needed | definition.uses.writes):
            self._check_moment(name, definition)
            yield name, definition, False
        for name in sorted(definition.uses.hints):
            yield name, definition, True

    def _resolve(self, name: str, user: Definition, hint: bool) -> Definition | None:
        binding = self._source.binding(name)
        star = self._source.binding("*")
        if binding is None:
            if name in MODULE_NAMES or in_python_itself(name) or hint or name in user.uses.writes:
                return None
            self._refuse_unbound(name, user, star)
            return None
        if star is not None and star.moment > binding.moment:
            self._refuse(name, user, f"the import * in {_place(star)} may bind it again", binding)
            return None
        match binding.statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return definition_of(name, binding, self._source)
            case ast.Import() | ast.ImportFrom():
                self._import(name, user, hint)
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Lambda()) if target == name:
                return definition_of(name, binding, self._source)
            case _ if not hint:
                self._constant(name, user, binding)
        return None

    def _refuse_unbound(self, name: str, user: Definition, star: Binding | None) -> None:
        if name == "get_ipython":
            reason = "IPython's own syntax doesn't run outside a notebook: write it in Python"
        elif star is not None:
            reason = f"no cell binds it; whether the import * in {_place(star)} does, the source doesn't tell"
        else:
            reason = "no cell binds it"
        self._refuse(name, user, reason, None)

    def _import(self, name: str, user: Definition, hint: bool) -> None:
        for binding in _rebinding_imports(name, self._source):
            for carried in _imports_of(name, binding):
                origin = self._origins.of(carried.module)
                self.slice.imports[carried.text] = carried
                needed = not hint or module_problem(origin) is None
                if needed and not is_authoring(carried.text):
                    self._need(origin, carried.text, name, user)

    def _need(self, origin: Origin, why: str, name: str, user: Definition) -> None:
        problem = module_problem(origin)
        if problem is None and origin.kind in ("local", "editable"):
            problem = self._carry_source(origin, name, user)
        if problem is not None:
            self._refuse(name, user, problem, self._source.binding(name))
            return
        self.slice.origins[origin.module] = origin
        self.slice.needed_by.setdefault(origin.module, why)

    def _carry_source(self, origin: Origin, name: str, user: Definition) -> str | None:
        """Carry the author's own module with all that it imports; a reason if that can't be done."""
        try:
            sources = self._local.carry(origin)
        except NotCarriable as error:
            return str(error)
        for source in sources:
            self.slice.sources[source.path] = source
            for module in source.imports:
                found = self._origins.of(module)
                if found.kind != "missing":  # it isn't here either, and the module works without
                    self._need(found, f"import in {source.module}", name, user)
        return None

    def _constant(self, name: str, user: Definition, binding: Binding) -> None:
        value, problem = _literal(binding)
        changed = self._source.change_of(name) if isinstance(value, _MUTABLE) else None
        if problem is None and changed is not None:
            problem = f"{changed} may change it; {_UNKNOWN}"
        if problem is None:
            try:
                self.slice.constants[name] = constant_source(name, value)
                return
            except NotPlain as error:
                problem = str(error)
        self._refuse(name, user, problem, binding)

    def _check_moment(self, name: str, definition: Definition) -> None:
        """What a definition needs while it runs must be bound before it, and not once more after it."""
        binding = self._source.binding(name)
        if binding is None or definition.cell is None or name not in definition.uses.now:
            return
        begins = (definition.cell.order, definition.line)
        if isinstance(binding.statement, ast.Import | ast.ImportFrom):  # imported again in many a cell
            binding = self._source.bindings(name)[0]
        if binding.moment > begins:
            reason = f"it is bound after {definition.name}, which uses it while it is defined"
            self._refuse(name, definition, reason, binding)

    def _check_changes(self, definition: Definition) -> None:
        changed = self._source.patch_of(definition.name)
        if changed is not None and definition.header is None:
            self._refuse(definition.name, definition, f"{changed} changes it; {_UNKNOWN}", None)

    def _refuse(self, name: str, user: Definition, reason: str, binding: Binding | None) -> None:
        cell = user.cell
        used = ""
        if cell is not None:
            line = line_of(user.statement, [name]) or user.line
            used = f"used by {user.name} ({cell.place(line)})"
        made = f"bound in {_place(binding)}" if binding is not None else ""
        cell = binding.cell if binding is not None else cell
        self.refusals.append(Refusal(name, "", reason, used, made, cell.label if cell is not None else None))


def _place(binding: Binding) -> str:
    return binding.cell.place(binding.line)


def _rebinding_imports(name: str, source: Source) -> Iterator[Binding]:
    """The last import that binds ``name``, with the ones before it that add submodules to the same."""
    for binding in reversed(source.bindings(name)):
        if not isinstance(binding.statement, ast.Import):
            if binding is source.binding(name):
                yield binding
            return
        yield binding


def _imports_of(name: str, binding: Binding) -> Iterator[Import]:
    statement = binding.statement
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return
    for alias in statement.names:
        if (alias.asname or alias.name.partition(".")[0]) != name and alias.asname != name:
            continue
        suffix = f" as {alias.asname}" if alias.asname else ""
        if isinstance(statement, ast.Import):
            text, module = f"import {alias.name}{suffix}", alias.name
        else:
            package = "." * statement.level + (statement.module or "")
            text, module = f"from {package} import {alias.name}{suffix}", f"{package}.{alias.name}"
        yield Import(text, name, module, binding.cell, statement.lineno)


def _literal(binding: Binding) -> tuple[Any, str | None]:
    """The literal that ``binding`` gives its name, or why there is none."""
    statement = binding.statement
    if isinstance(statement, ast.Assign):
        plain = all(isinstance(target, ast.Name) for target in statement.targets)
    else:
        plain = isinstance(statement, ast.AnnAssign)
    if plain:
        try:
            return ast.literal_eval(getattr(statement, "value", None) or ast.Constant(None)), None
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            pass
    match statement:
        case ast.If() | ast.Try() | ast.Match():
            reason = "it is bound under a condition"
        case ast.For() | ast.While() | ast.With() | ast.AsyncFor() | ast.AsyncWith():
            reason = "it is bound in a loop or a with statement"
        case ast.Delete():
            reason = "it is deleted"
        case _:
            reason = "it is bound to the value of an expression"
    return None, f"{reason}; {_UNKNOWN}"
