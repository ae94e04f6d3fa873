"""What has changed in a class since its statement ran: members that were set, replaced or taken away,
and state that was filled in.

Found by comparing the live class with its source; nothing is run again. Where others also make members (a
metaclass, a decorator, a base that is told of its subclasses), only what can't be their doing counts: what a
statement of a cell has set since, functions of a cell's top level, plain values other than the written ones.
"""

from __future__ import annotations

import abc
import ast
import functools
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.attributes import attributes_of
from jupyter_faas.kernel.cells import Cells, Function, bound_names, first_line, module_level
from jupyter_faas.kernel.class_sources import ClassSource
from jupyter_faas.kernel.constants import is_plain, same
from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.members import functions_of, mangled, member_source
from jupyter_faas.kernel.values import Limits, NotFreezable, freeze, type_name

__all__ = ["Changes"]

_NOTEBOOK: Final = "__main__"
_MUTABLE: Final = (list, dict, set)
_ABSENT: Final = object()
_DESCRIPTORS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_EMPTY: Final = frozenset({"list()", "dict()", "set()"})
# How much state that calls have left in a class is looked into, to know whether it is data.
_MOST_STATE: Final = Limits(10**9, 10**9)


class Changes:
    """What gives the class that the handler calls ``name`` what ``value`` has and its source doesn't say.

    ``replaced`` are expressions of its body; ``lines`` complete it.
    """

    def __init__(
        self, name: str, value: type, source: ClassSource, cells: Cells, namespace: Mapping[str, Any]
    ) -> None:
        self.lines: list[str] = []
        self.doubts: list[str] = []
        self._name = name
        self._class = value
        self._source = source
        self._statement = source.statement
        self._cells = cells
        self._namespace = namespace
        self._since: dict[str, str] = {}
        for attribute, place in _set_since(source, cells):
            self._since.setdefault(attribute, place)
        self._written = _written(self._statement)
        self._alone = _makes_all_members(value, self._statement)
        found = attributes_of(name, value, self._statement, namespace, self._holds)
        self.replaced = found.replaced
        self.around = dict(found.around)
        self.told = {attribute: self._since.get(attribute, said) for attribute, said in found.told.items()}
        kept = {attribute: said for attribute, said in found.doubts.items() if attribute not in self._since}
        self.doubts += kept.values()
        self._late = found.late
        self._settled = found.told.keys() | kept.keys()
        self._find()

    def completing(self, definition: Definition) -> Definition:
        """``definition``, of the statement with its expressions replaced, completed by the rest."""
        if not self.around and not self.lines and not self.doubts:
            return definition
        now = frozenset(self.replaced.values())
        later = frozenset(self.around) - now
        used = definition.uses
        return replace(
            definition,
            uses=replace(used, now=used.now | now, later=used.later | later),
            around={**definition.around, **self.around},
            completion="\n".join(self.lines) or None,
            completed_by=later,
            changes=self.told,
            doubts=tuple(self.doubts),
        )

    def _holds(self, code: types.CodeType) -> bool:
        return self._source.holds(code, self._cells)

    def _find(self) -> None:
        """Go through the members by name, those of the source and those of the live class."""
        members = vars(self._class)
        for attribute in sorted(self._written.keys() | members.keys()):
            live = members.get(attribute, _ABSENT)
            if attribute in self._settled:
                continue
            if attribute in self._since or attribute in self._late:
                self._change(attribute, live)
            elif attribute not in self._written:
                if self._is_added(attribute, live):
                    self._change(attribute, live)
            elif self._differs(self._written[attribute], live):
                self._change_state(attribute, live)
            elif self._alone and isinstance(live, types.FunctionType):
                for key, held in sorted(vars(live).items()):
                    self._set(f"{self._name}.{attribute}", key, f"{attribute}__{key}", held)
        self._add_registered()

    def _differs(self, parts: list[ast.stmt], live: Any) -> bool:
        if live is _ABSENT:
            return self._alone
        if isinstance(parts[-1], Function):
            return self._function_differs(parts, parts[-1], live)
        if issubclass(self._class, type):
            return False  # a metaclass fills its attributes anew
        match parts[-1]:
            case ast.Assign(value=expression) | ast.AnnAssign(value=ast.expr() as expression):
                return self._value_differs(expression, live)
        return False

    def _function_differs(self, parts: list[ast.stmt], last: Function, live: Any) -> bool:
        functions = functions_of(live)
        if any(self._is_made_by(part, one.__code__) for one in functions for part in parts):
            is_it = not isinstance(live, types.FunctionType) or self._is_made_by(last, live.__code__)
            return self._alone and not last.decorator_list and not is_it
        if self._alone and not last.decorator_list:
            return True
        return any(self._cells.definition(one.__code__) is not None for one in functions)

    def _is_made_by(self, part: ast.stmt, code: types.CodeType) -> bool:
        if not isinstance(part, Function) or part.name != code.co_name:
            return False
        here = first_line(part) == code.co_firstlineno
        return here and self._holds(code)

    def _value_differs(self, expression: ast.expr, live: Any) -> bool:
        if isinstance(expression, ast.Name) and self._alone:
            present = self._namespace.get(expression.id, _ABSENT)
            return present is not live and is_plain(live) and not same(present, live)
        try:
            written = ast.literal_eval(expression)
        except (ValueError, TypeError, SyntaxError, MemoryError):
            filled = isinstance(live, _MUTABLE) and len(live) > 0
            return self._alone and filled and ast.unparse(expression) in _EMPTY
        if is_plain(live) and (self._alone or type(live) is type(written)):
            return not same(written, live)
        return self._alone and not is_plain(live)

    def _is_added(self, attribute: str, live: Any) -> bool:
        """Whether a member that the source doesn't have was set since, not made by Python or a library."""
        functions = functions_of(live)
        special = attribute.startswith("__") and attribute.endswith("__")
        if isinstance(live, _DESCRIPTORS) or attribute == "_abc_impl" or (special and not functions):
            return False
        if self._alone:
            return not special or any(one.__module__ == _NOTEBOOK for one in functions)
        codes = (one.__code__ for one in functions if "." not in one.__code__.co_qualname)
        return any(self._cells.definition(code) is not None for code in codes)

    def _change_state(self, attribute: str, live: Any) -> None:
        """Carry a written member's present value, unless calls have left it there and it isn't data."""
        data = is_plain(live) or functions_of(live) or isinstance(live, type | types.ModuleType)
        if live is not _ABSENT and not data:
            try:
                freeze(attribute, live, replace(_MOST_STATE))
            except NotFreezable:
                self.doubts.append(
                    f"{self._name}.{attribute} is a {type_name(live)} in this kernel, which can't be "
                    "carried: the function starts with what the class says."
                )
                return
        self._change(attribute, live)

    def _change(self, attribute: str, live: Any) -> None:
        if live is not _ABSENT:
            self._set(self._name, attribute, attribute, live)
        elif attribute in self._written:
            self.lines.append(f"del {self._name}.{attribute}")
            self.told[attribute] = self._since.get(attribute, "taken away since the class was made")

    def _set(self, owner: str, attribute: str, what: str, live: Any) -> None:
        made = member_source(f"{self._name}__{what}", live, owner, attribute)
        self.around |= made.around
        self.lines += made.lines
        place = self._since.get(attribute, "as it is in this kernel, not as the class was made")
        self.told[f"{owner}.{attribute}".partition(".")[2]] = place

    def _add_registered(self) -> None:
        """Classes that an abstract one was told of, and further implementations of a method by types."""
        for number, other in enumerate(_subclasses_registered(self._class)):
            name = f"{self._name}__subclass{number}"
            self.around[name] = other
            self.lines.append(f"{self._name}.register({name})")
        for attribute, live in sorted(vars(self._class).items()):
            registry = live.dispatcher.registry if isinstance(live, functools.singledispatchmethod) else {}
            for number, (kind, function) in enumerate(registry.items()):
                codes = [one.__code__ for one in functions_of(function)]
                if not any(self._holds(code) for code in codes):
                    first = f"{self._name}__{attribute}__type{number}"
                    second = f"{self._name}__{attribute}__{kind.__name__}{number}"
                    self.around |= {first: kind, second: function}
                    method = f"{self._name}.__dict__[{attribute!r}]"
                    self.lines.append(f"{method}.register({first}, {second})")


def _written(statement: ast.ClassDef) -> dict[str, list[ast.stmt]]:
    """The statements of a class body that bind each of its members."""
    found: dict[str, list[ast.stmt]] = {}
    for part in module_level(statement.body):
        if not isinstance(part, ast.AnnAssign) or part.value is not None:
            for name in bound_names(part):
                found.setdefault(mangled(name, statement.name), []).append(part)
        for target in part.targets if isinstance(part, ast.Delete) else ():
            if isinstance(target, ast.Name):
                found.pop(mangled(target.id, statement.name), None)
    return found


def _set_since(source: ClassSource, cells: Cells) -> Iterator[tuple[str, str]]:
    """The members that cells have set or deleted after the class was made, and where; the last first."""
    statement, cell = source.statement, source.cell
    for other in cells.newest_first():
        if other.order < cell.order:
            return
        for one in reversed(other.statements):
            later = other.order > cell.order or one.lineno > (statement.end_lineno or statement.lineno)
            for attribute in _members_set(one, statement.name) if later else ():
                verb = "deleted" if isinstance(one, ast.Delete) else "set"
                yield attribute, f"{verb} in {other.place(one.lineno)}"


def _members_set(statement: ast.stmt, owner: str) -> Iterator[str]:
    targets: list[ast.expr]
    match statement:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            pass
        case ast.AugAssign(target=changed) | ast.AnnAssign(target=changed):
            targets = [changed]
        case ast.Expr(
            value=ast.Call(
                func=ast.Name(id="setattr" | "delattr"),
                args=[ast.Name(id=name), ast.Constant(value=str(attribute)), *_],
            )
        ):
            if name == owner:
                yield attribute
            return
        case _:
            return
    for target in targets:
        for node in target.elts if isinstance(target, ast.Tuple | ast.List) else (target,):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == owner
            ):
                yield node.attr


def _makes_all_members(value: type, statement: ast.ClassDef) -> bool:
    """Whether no one but its statement and Python itself makes members of the class."""
    told = any(
        "__init_subclass__" in vars(base) for base in value.__mro__[1:-1] if base is not typing.Generic
    )
    calls = {
        node.func.id
        for part in module_level(statement.body)
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    own_kind = type(value) in (type, abc.ABCMeta) and "_fields" not in vars(value)
    return own_kind and not statement.decorator_list and not told and not calls & {"exec", "locals", "vars"}


def _subclasses_registered(value: type) -> list[type]:
    if not isinstance(value, abc.ABCMeta):
        return []
    references = abc._get_dump(value)[0]  # type: ignore[attr-defined]  # not in typeshed
    found = [one for one in (reference() for reference in references) if one is not None]
    found = [one for one in found if "<locals>" not in one.__qualname__]
    return sorted(found, key=lambda one: f"{one.__module__}.{one.__qualname__}")
