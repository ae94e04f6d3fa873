"""The slice of the kernel's namespace that an entry function needs, found from the live objects."""

from __future__ import annotations

import builtins
import types
from collections import ChainMap, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from jupyter_faas.kernel.cells import Cell, Cells
from jupyter_faas.kernel.constants import Constant, NotPlain, constant_source, is_plain
from jupyter_faas.kernel.definable import definition_for
from jupyter_faas.kernel.definitions import Definition, NotDefinable, alias_of
from jupyter_faas.kernel.imports import Import, import_for, is_authoring, lazy_imports, submodules_of
from jupyter_faas.kernel.ipython import ipython_syntax
from jupyter_faas.kernel.localcode import LocalCode, NotCarriable, Source
from jupyter_faas.kernel.names import line_of
from jupyter_faas.kernel.origins import Origin, Origins
from jupyter_faas.kernel.recompute import also_bound, recomputed
from jupyter_faas.kernel.refusals import Refusal, capture_error
from jupyter_faas.kernel.values import Frozen, Limits, NotFreezable, freeze, type_name
from jupyter_faas.model.errors import AnnotationError

__all__ = ["MODULE_NAMES", "Choices", "Slice", "in_python_itself", "module_problem", "slice_of"]

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


@dataclass(frozen=True)
class Choices:
    """How the author wants values to be carried: names to freeze, names to recompute, limits in bytes."""

    freeze: frozenset[str] = frozenset()
    recompute: frozenset[str] = frozenset()
    value_bytes: int = 100 * 10**6
    total_value_bytes: int = 250 * 10**6


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
    values: dict[str, Frozen] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def bound(self) -> set[str]:
        """Every name that the handler has when it has been imported."""
        return set(self.constants) | set(self.definitions) | {one.name for one in self.imports.values()}

    def users(self, name: str) -> list[str]:
        """The definitions that use ``name``."""
        return sorted(one.name for one in self.definitions.values() if name in one.uses.needed)


def slice_of(
    entry: str,
    namespace: Mapping[str, Any],
    cells: Cells,
    origins: Origins,
    made: Definition | None = None,
    choices: Choices | None = None,
) -> Slice:
    """What ``entry`` reaches in ``namespace``, to any depth; ``made`` defines it if nothing there does.

    Raises one ``CaptureError`` that names everything which can't be carried, and ``AnnotationError`` for a
    choice about a name that isn't reached.
    """
    slicer = _Slicer(entry, namespace, cells, origins, choices or Choices())
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
    def __init__(
        self, entry: str, namespace: Mapping[str, Any], cells: Cells, origins: Origins, choices: Choices
    ) -> None:
        self._around: dict[str, Any] = {}
        self._namespace = ChainMap(self._around, cast("dict[str, Any]", namespace))
        self._cells = cells
        self._origins = origins
        self._choices = choices
        self._limits = Limits(choices.value_bytes, choices.total_value_bytes)
        self._frozen_as: dict[int, str] = {}
        self._carried_as: dict[int, str] = {}
        self._local = LocalCode()
        self._written: set[str] = set()
        self._undefined: list[_Need] = []
        self.slice = Slice(entry)
        self.refusals: list[Refusal] = []

    def run(self, made: Definition | None = None) -> None:
        pending: deque[_Need] = deque()
        hints: deque[_Need] = deque()  # last: a name may be a hint here and be needed there
        seen: set[str] = set() if made is None else {made.name}

        def follow(needs: Iterable[_Need]) -> None:
            for need in needs:
                (hints if need.hint else pending).append(need)

        follow([_Need(self.slice.entry, None)] if made is None else self._take(made))
        while pending or hints:
            need = (pending or hints).popleft()
            if need.name not in seen:
                seen.add(need.name)
                definition = self._resolve(need)
                if definition is not None:
                    follow(self._take(definition))
        for need in self._undefined:
            if need.name not in self._written:
                self._refuse_undefined(need)
        for definition in self.slice.definitions.values():
            if definition.kind == "recomputed":
                self._refuse_twice_bound(definition)
        self._check_choices(seen)

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
        if getattr(value, "__module__", None) == "IPython.core.magic":
            self._refuse(need, "", "it makes magics of this kernel: take it off what is published")
            return None
        try:
            if name in self._choices.recompute:
                return recomputed(name, self._cells)
            if name in self._choices.freeze:
                return self._freeze(need, value)
            if self._import(need, value):
                return None
            return self._from_source(need, value)
        except (NotDefinable, NotFreezable) as error:
            self._refuse_value(need, value, str(error))
        return None

    def _from_source(self, need: _Need, value: Any) -> Definition | None:
        """Carry ``value`` as source, by a definition or as a constant; failing that, frozen."""
        known = self._carried_as.get(id(value))
        if known is not None:  # two names of one object stay that
            return alias_of(need.name, known)
        try:
            definition = definition_for(need.name, value, self._cells, self._namespace)
            if definition is None:
                constant = constant_source(need.name, value)
                self.slice.constants[need.name] = constant
                if constant.mutable:
                    self._carried_as[id(value)] = need.name
        except NotPlain:
            return None if need.hint else self._try_to_freeze(need, value)
        except NotDefinable as error:
            if isinstance(value, type | types.FunctionType) or need.hint:
                raise
            return self._try_to_freeze(need, value, str(error))  # an object that wraps a function
        made_here = definition is not None and definition.kind != "alias"
        if made_here and isinstance(value, type | types.FunctionType | types.CellType):
            self._carried_as[id(value)] = need.name
        return definition

    def _try_to_freeze(self, need: _Need, value: Any, reason: str = "") -> Definition | None:
        try:
            return self._freeze(need, value)
        except NotFreezable as error:
            self._refuse_value(need, value, reason or str(error))
            return None

    def _freeze(self, need: _Need, value: Any) -> Definition:
        """Carry ``value`` in a file, with all that its pickle names."""
        known = self._frozen_as.setdefault(id(value), need.name)
        if known != need.name:  # two names of one object stay that
            return alias_of(need.name, known)
        if isinstance(value, type | types.FunctionType | types.ModuleType):
            raise NotFreezable("--freeze is for data: functions, classes and modules are carried as they are")
        frozen = freeze(need.name, value, self._limits)
        self.slice.values[need.name] = frozen
        for module in sorted(frozen.modules):
            self._need_module(self._origins.of(module), f"value {need.name}", need)
        return frozen.definition

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
        self._around.update(definition.around)
        self._written |= definition.uses.writes
        if definition.cell is not None:
            self.slice.used_cells.append(definition.cell)
            self._refuse_ipython_syntax(definition, definition.cell)
        self._take_modules(definition)
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

    def _take_modules(self, definition: Definition) -> None:
        """What the code imports by itself, and the submodules that it takes to be there."""
        for lazy in lazy_imports(definition.statement) if definition.cell is not None else ():
            origin = self._origins.of(lazy.module)
            if origin.kind != "missing" or not lazy.guarded:
                self._need_module(origin, f"import in {definition.name}", _Need(lazy.module, definition))
        for name in definition.uses.needed & self._namespace.keys():
            for carried in submodules_of(name, self._namespace[name], definition.statement):
                self.slice.imports[carried.text] = carried
                self._need_module(self._origins.of(carried.module), carried.text, _Need(name, definition))

    def _need_module(self, origin: Origin, why: str, need: _Need) -> None:
        reason = module_problem(origin)
        if origin.kind in ("local", "editable") and reason is None and not need.hint:
            reason = self._carry_source(origin, need)
        if reason is None:
            self.slice.origins[origin.module] = origin
            self.slice.needed_by.setdefault(origin.module, why)
        elif not need.hint:
            self._refuse(need, "module", reason)

    def _carry_source(self, origin: Origin, need: _Need) -> str | None:
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
                    self._need_module(found, f"import in {source.module}", need)
        return None

    def _refuse_twice_bound(self, definition: Definition) -> None:
        carried = self.slice.definitions.keys() | self.slice.constants.keys()
        for other in sorted(also_bound(definition) & carried):
            reason = f"its cell also makes {other}, which the function uses: give each a statement of its own"
            self._refuse(_Need(definition.name, None), "--recompute", reason)

    def _check_choices(self, seen: set[str]) -> None:
        for option in ("freeze", "recompute"):
            for name in sorted(getattr(self._choices, option) - seen):
                raise AnnotationError(
                    f"--{option} {name}: {self.slice.entry} doesn't use {name}, so nothing of it is carried."
                )
        for name in sorted(self._choices.freeze & self._choices.recompute):
            raise AnnotationError(f"{name} can't be both frozen and recomputed: take one of the options out.")

    def _refuse_undefined(self, need: _Need) -> None:
        if need.user is None:
            reason = "there is no such function in this kernel: run the cell that defines it first"
        elif (deleted := self._cells.deletion(need.name)) is not None:
            cell, statement = deleted
            reason = f"{cell.place(statement.lineno)} has deleted it: run the cell that makes it again"
        else:
            reason = "it isn't defined in this kernel: run its cell first"
        self._refuse(need, "undefined", reason)

    def _refuse_value(self, need: _Need, value: Any, reason: str) -> None:
        if not need.hint:  # an annotation that stays text works without
            self._refuse(need, type_name(value), reason)

    def _refuse_ipython_syntax(self, definition: Definition, cell: Cell) -> None:
        if not self._cells.is_kernels_own("get_ipython"):
            return
        for line, text in ipython_syntax(definition.statement):
            reason = "IPython's own syntax doesn't run outside a notebook: write it in Python"
            used = f"in {definition.name} ({cell.place(line)})"
            self.refusals.append(Refusal(text, "", reason, used, cell=cell.label))

    def _refuse(self, need: _Need, type_name: str, reason: str) -> None:
        used, cell = "", None
        if need.user is not None and need.user.cell is not None:
            line = line_of(need.user.statement, [need.name]) or need.user.statement.lineno
            line = need.user.line if need.name in self._around else line
            used = f"used by {need.user.name} ({need.user.cell.place(line)})"
            cell = need.user.cell.label
        binding = self._cells.binding(need.name)
        origin = f"made in {binding[0].place(binding[1].lineno)}" if binding is not None else ""
        cell = binding[0].label if binding is not None else cell
        name = need.name
        if name in self._around:
            owner, _, what = name.removesuffix("__cell").rpartition("__")
            name = f"{what} of {owner}"
            if need.user is not None:
                origin = origin or need.user.changes.get(what, "")
        self.refusals.append(Refusal(name, type_name, reason, used, origin, cell))

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


def module_problem(origin: Origin) -> str | None:
    """Why a function can't import this module; None if it can, or if its source is to go along."""
    if origin.module.partition(".")[0] == "jupyter_faas":
        return (
            "jupyter_faas itself isn't shipped with a function: write `from jupyter_faas import Context, "
            "Response` where you use these two, and take any other import of it out"
        )
    if origin.module.startswith("."):
        return "a relative import has no package to start from in a notebook: write the module's full name"
    match origin.kind:
        case "missing":
            return "no such module is installed in this kernel: install it, or guard the import with try"
        case "notebook":
            return "__main__ is the notebook itself: use the name without importing it"
    return None
