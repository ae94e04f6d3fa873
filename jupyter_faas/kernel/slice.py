"""The slice of the kernel's namespace that an entry function needs, found from the live objects."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_faas.kernel.cells import Cell, Cells
from jupyter_faas.kernel.constants import Constant, NotPlain, TooLarge, constant_source, is_plain
from jupyter_faas.kernel.definitions import Definition, NotDefinable, definition_for
from jupyter_faas.kernel.imports import Import, import_for, is_authoring, lazy_imports
from jupyter_faas.kernel.names import line_of
from jupyter_faas.kernel.origins import Origin, Origins
from jupyter_faas.kernel.refusals import Refusal, capture_error

__all__ = ["MODULE_NAMES", "Slice", "in_python_itself", "slice_of"]

# Globals that every module has.
MODULE_NAMES: Final = frozenset(
    {"__name__", "__doc__", "__file__", "__spec__", "__loader__", "__package__", "__builtins__", "__debug__"}
)
_KERNEL_ONLY: Final = {
    "get_ipython": "it is IPython's own",
    "display": "it exists in notebooks only: return the value, or print it",
    "In": "it is the kernel's history",
    "Out": "it is the kernel's history",
    "_": "it is the kernel's last output: give the value a name, or pass it as a parameter",
}


@dataclass
class Slice:
    """All that the handler is made of, and the modules it needs with who imports them."""

    entry: str
    imports: dict[str, Import] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    needed_by: dict[str, str] = field(default_factory=dict)
    used_cells: list[Cell] = field(default_factory=list)


def slice_of(
    entry: str,
    namespace: Mapping[str, Any],
    cells: Cells,
    origins: Origins,
    made: Definition | None = None,
) -> Slice:
    """What ``entry`` reaches in ``namespace``, to any depth; ``made`` defines it if nothing there does.

    Raises one ``CaptureError`` that names everything which can't be carried.
    """
    slicer = _Slicer(entry, namespace, cells, origins)
    slicer.run(made)
    if slicer.refusals:
        raise capture_error(entry, slicer.refusals)
    return slicer.slice


@dataclass(frozen=True)
class _Need:
    """A name that ``user`` uses; ``hint`` if only an annotation that stays text does."""

    name: str
    user: Definition | None
    hint: bool = False


class _Slicer:
    def __init__(self, entry: str, namespace: Mapping[str, Any], cells: Cells, origins: Origins) -> None:
        self._namespace = namespace
        self._cells = cells
        self._origins = origins
        self._written: set[str] = set()
        self._undefined: list[_Need] = []
        self.slice = Slice(entry)
        self.refusals: list[Refusal] = []

    def run(self, made: Definition | None = None) -> None:
        pending = [_Need(self.slice.entry, None)] if made is None else list(self._take(made))
        seen: set[str] = set() if made is None else {made.name}
        while pending:
            need = pending.pop(0)
            if need.name in seen:
                continue
            seen.add(need.name)
            definition = self._resolve(need)
            if definition is not None:
                pending += self._take(definition)
        for need in self._undefined:
            if need.name not in self._written:
                self._refuse_undefined(need)

    def _resolve(self, need: _Need) -> Definition | None:
        """Carry what ``need`` names; a definition is returned so that its own names are followed."""
        name = need.name
        if name in MODULE_NAMES or self._is_builtin(name):
            return None
        if name in _KERNEL_ONLY and self._cells.is_kernels_own(name):
            self._refuse(need, "", _KERNEL_ONLY[name])
        elif name not in self._namespace:
            if not need.hint:
                self._undefined.append(need)
        else:
            return self._resolve_value(need, self._namespace[name])
        return None

    def _resolve_value(self, need: _Need, value: Any) -> Definition | None:
        name = need.name
        if self._import(need, value):
            return None
        try:
            definition = definition_for(name, value, self._cells, self._namespace)
            if definition is not None:
                return definition
            self.slice.constants[name] = constant_source(name, value)
        except NotDefinable as error:
            self._refuse_value(need, value, str(error))
        except TooLarge as error:
            advice = "pass it as a parameter, or make or load it inside the function"
            self._refuse_value(need, value, f"{error}; {advice}")
        except NotPlain as error:
            why = f"; {error}" if is_plain(value) else ""
            advice = "load it inside the function or pass it as a parameter"
            self._refuse_value(need, value, f"it can't be carried yet{why}: {advice}")
        return None

    def _import(self, need: _Need, value: Any) -> bool:
        """Carry the imports that bind the name; whether that settles it."""
        found = import_for(need.name, value, self._cells)
        for carried in found:
            origin = self._origins.of(carried.module)
            if origin.kind in ("local", "editable") and is_plain(value):
                return False  # a plain value of the author's own module is carried by value
            self.slice.imports[carried.text] = carried
            if not is_authoring(carried.text):
                self._need_module(origin, carried.text, need)
        return bool(found)

    def _take(self, definition: Definition) -> Iterator[_Need]:
        self.slice.definitions[definition.name] = definition
        self._written |= definition.uses.writes
        if definition.cell is not None:
            self.slice.used_cells.append(definition.cell)
            self._refuse_ipython_syntax(definition, definition.cell)
        for lazy in lazy_imports(definition.statement):
            origin = self._origins.of(lazy.module)
            if origin.kind == "missing" and lazy.guarded:
                continue
            self._need_module(origin, f"import in {definition.name}", _Need(lazy.module, definition))
        for name in sorted(definition.uses.needed):
            if not (
                name == "get_ipython" and self._cells.is_kernels_own(name)
            ):  # refused as syntax, line by line
                yield _Need(name, definition)
        for name in sorted(definition.uses.writes - definition.uses.needed):
            if name in self._namespace:
                yield _Need(name, definition)
        for name in sorted(definition.uses.hints):
            yield _Need(name, definition, hint=True)

    def _need_module(self, origin: Origin, why: str, need: _Need) -> None:
        reason = _module_problem(origin)
        if reason is None:
            self.slice.origins[origin.module] = origin
            self.slice.needed_by.setdefault(origin.module, why)
        elif not need.hint:
            self._refuse(need, "module", reason)

    def _refuse_undefined(self, need: _Need) -> None:
        if need.user is None:
            reason = "there is no such function in this kernel: run the cell that defines it first"
        else:
            reason = "it isn't defined in this kernel: run its cell first"
        self._refuse(need, "undefined", reason)

    def _refuse_value(self, need: _Need, value: Any, reason: str) -> None:
        if not need.hint:  # an annotation that stays text works without
            kind = type(value)
            plain = kind.__module__ in ("builtins", "__main__")
            self._refuse(
                need, kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}", reason
            )

    def _refuse_ipython_syntax(self, definition: Definition, cell: Cell) -> None:
        if not self._cells.is_kernels_own("get_ipython"):
            return
        for line, text in _ipython_syntax(definition.statement):
            reason = "IPython's own syntax doesn't run outside a notebook: write it in Python"
            used = f"in {definition.name} ({cell.place(line)})"
            self.refusals.append(Refusal(text, "", reason, used, cell=cell.label))

    def _refuse(self, need: _Need, type_name: str, reason: str) -> None:
        used, cell = "", None
        if need.user is not None and need.user.cell is not None:
            line = line_of(need.user.statement, [need.name]) or need.user.statement.lineno
            used = f"used by {need.user.name} ({need.user.cell.place(line)})"
            cell = need.user.cell.label
        binding = self._cells.binding(need.name)
        origin = f"made in {binding[0].place(binding[1].lineno)}" if binding is not None else ""
        cell = binding[0].label if binding is not None else cell
        self.refusals.append(Refusal(need.name, type_name, reason, used, origin, cell))

    def _is_builtin(self, name: str) -> bool:
        """Whether ``name`` means Python's own builtin here, not something that IPython put in its place."""
        if not in_python_itself(name):
            return False
        return name not in self._namespace or self._cells.is_kernels_own(name)


def in_python_itself(name: str) -> bool:
    """Whether Python has ``name`` as a builtin where no kernel has added to them or hidden some."""
    if name in ("input", "exit", "quit", "__import__"):  # kernels replace or hide the first three
        return True
    value = getattr(builtins, name, None)
    module = getattr(value, "__module__", None) or type(value).__module__
    known = ("builtins", "io", "_io", "_sitebuiltins", "_frozen_importlib")
    return hasattr(builtins, name) and module in known and not name.startswith("_")


def _module_problem(origin: Origin) -> str | None:
    if origin.module.partition(".")[0] == "jupyter_faas":
        return (
            "jupyter_faas itself isn't shipped with a function: write `from jupyter_faas import Context, "
            "Response` where you use these two, and take any other import of it out"
        )
    if origin.module.startswith("."):
        return "a relative import has no package to start from in a notebook: write the module's full name"
    match origin.kind:
        case "local":
            return (
                f"the module is a file of yours ({origin.file}), which can't be carried yet: "
                "define what you use in a cell"
            )
        case "editable":
            return (
                f"{', '.join(origin.distributions)} is installed from your folder (editable) and can't be "
                "carried yet: install it as a wheel, or define what you use in a cell"
            )
        case "missing":
            return "no such module is installed in this kernel: install it, or guard the import with try"
        case "notebook":
            return "__main__ is the notebook itself: use the name without importing it"
    return None


def _ipython_syntax(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """Each use of ``get_ipython`` with its line, written the way the author wrote it."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    told: set[int] = set()
    for call in calls:
        text = _as_written(call)
        if text is not None:
            told.add(call.lineno)
            yield call.lineno, text
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "get_ipython" and node.lineno not in told:
            yield node.lineno, "get_ipython()"


def _as_written(call: ast.Call) -> str | None:
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr), args=args
        ):
            words = [str(arg.value) for arg in args if isinstance(arg, ast.Constant)]
        case _:
            return None
    match attr:
        case "run_line_magic":
            return "%" + " ".join(words).rstrip()
        case "run_cell_magic":
            return "%%" + " ".join(words[:2]).rstrip()
        case "system" | "getoutput":
            return "!" + " ".join(words)
    return None
