"""Attributes that a class body makes by an expression: the image must not run what would give another value.

``created = time.time()`` or ``table = load()`` means the value that the kernel holds. Where the expression
would not give that again, or can't be known to, the value stands in its place, and what only the expression
used isn't carried. What can't be carried by value (a lock, a descriptor) is made by its expression again.
"""

from __future__ import annotations

import abc
import ast
import enum
import logging
import re
import types
import typing
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_faas.kernel.cells import bound_names, module_level
from jupyter_faas.kernel.constants import is_plain
from jupyter_faas.kernel.expressions import verdict
from jupyter_faas.kernel.members import functions_of, mangled
from jupyter_faas.kernel.values import Limits, NotFreezable, freeze, type_name

__all__ = ["Attributes", "attributes_of"]

_ABSENT: Final = object()
# How much of a value is looked into, to know whether it is data: what is too large is refused later, by name.
_MOST: Final = 10**9
_FIELDS: Final = frozenset({"auto", "attrib", "Factory", "field", "Field", "ib", "nonmember", "PrivateAttr"})
_MADE_ANEW: Final = (logging.Logger, logging.LoggerAdapter, re.Pattern, typing.TypeVar, typing.ParamSpec)
_FROZEN: Final = "its value in this kernel; the expression isn't run again"


@dataclass
class Attributes:
    """Expressions of a class body to be ``replaced`` by names ``around``, with what a receipt says of it.

    What is ``late`` holds instances of the class, so that it can only be set when that is there.
    """

    replaced: dict[ast.expr, str] = field(default_factory=dict)
    around: dict[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)


def attributes_of(
    name: str,
    value: type,
    statement: ast.ClassDef,
    namespace: Mapping[str, Any],
    is_made_here: Callable[[types.CodeType], bool],
) -> Attributes:
    """What to replace in ``statement``, which made ``value``, the class that the handler calls ``name``."""
    found = Attributes()
    if not _keeps_attributes(value) or name.startswith("__"):  # a class body would mangle such names
        return found
    earlier: dict[str, Any] = {}
    names = ChainMap(earlier, dict(namespace))
    for attribute, expression, before in _assigned_once(statement):
        for other in before:
            earlier[other] = vars(value).get(mangled(other, statement.name), _ABSENT)
        live = _value_of(value, mangled(attribute, statement.name))
        if live is _ABSENT or _is_descriptor(live) or _is_literal(expression) or _is_field(expression):
            continue
        said = verdict(expression, live, names, is_made_here)
        if said == "same" or (said == "unknown" and _is_code(live)):
            continue
        if isinstance(expression, ast.Name) and said == "differs" and _is_code(live):
            continue  # a base that replaces it, say
        try:
            frozen = freeze(attribute, live, Limits(_MOST, _MOST))
        except NotFreezable:
            found.doubts[attribute] = (
                f"{name}.{attribute} is a {type_name(live)} in this kernel, which can't be carried: its "
                "expression runs again when the function starts."
            )
            continue
        if name in frozen.names or value in frozen.around.values():
            found.late.add(attribute)
            continue
        held = f"{name}__{attribute}"
        found.replaced[expression] = held
        found.around[held] = live
        found.told[attribute] = _FROZEN
    return found


def _keeps_attributes(value: type) -> bool:
    """Whether an attribute is what the class body assigned: other metaclasses make what they like."""
    return type(value) in (type, abc.ABCMeta, enum.EnumMeta) and "_fields" not in vars(value)


def _assigned_once(statement: ast.ClassDef) -> Iterator[tuple[str, ast.expr, set[str]]]:
    """The attributes that one plain assignment of the body makes: each with its expression, and what the
    body has bound before."""
    bound = [name for part in module_level(statement.body) for name in bound_names(part)]
    before: set[str] = set()
    for part in statement.body:
        match part:
            case ast.Assign(targets=[ast.Name(id=name)], value=expression) if bound.count(name) == 1:
                yield name, expression, set(before)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as expression) if (
                bound.count(name) == 1
            ):
                yield name, expression, set(before)
        before |= {name for inner in module_level([part]) for name in bound_names(inner)}


def _value_of(value: type, attribute: str) -> Any:
    live = vars(value).get(attribute, _ABSENT)
    if not isinstance(live, enum.Enum) or not isinstance(value, enum.EnumMeta):
        return live
    plain = is_plain(live.value) and "__new_member__" not in vars(value)  # not one of its author's
    return live.value if plain else _ABSENT


def _is_descriptor(live: Any) -> bool:
    kind = type(live)
    return any(hasattr(kind, method) for method in ("__get__", "__set__", "__set_name__"))


def _is_code(live: Any) -> bool:
    """Whether ``live`` is, or holds, what is carried as source or made by its name."""
    return bool(functions_of(live)) or isinstance(live, (type, types.ModuleType, *_MADE_ANEW))


def _is_literal(expression: ast.expr) -> bool:
    try:
        ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return False
    return True


def _is_field(expression: ast.expr) -> bool:
    """Whether a decorator or a library takes it for what is said about an attribute, not its value."""
    match expression:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            return called in _FIELDS
    return False
