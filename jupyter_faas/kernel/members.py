"""Members of a class: what functions they hold, and how they are given to a class again."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.kernel.functions import callables_in, functions_in

__all__ = ["Member", "classes_in", "functions_of", "mangled", "member_source"]

_NOTEBOOK: Final = "__main__"
_BUILTINS: Final = '__import__("builtins")'


@dataclass(frozen=True)
class Member:
    """Statements that set a member, with the objects that they use by names of the handler's own."""

    lines: tuple[str, ...]
    around: Mapping[str, Any]


def functions_of(member: Any) -> list[types.FunctionType]:
    """The functions that ``member`` is or holds, outermost first."""
    return list(_functions_of(member))


def _functions_of(member: Any) -> Iterator[types.FunctionType]:
    if isinstance(member, staticmethod | classmethod):
        yield from functions_in(member.__func__)
    elif isinstance(member, property):
        for accessor in (member.fget, member.fset, member.fdel):
            yield from functions_in(accessor) if accessor is not None else ()
    else:
        yield from functions_in(member)


def classes_in(value: Any) -> Iterator[type]:
    """The classes of the notebook that ``value`` is made of or holds, itself among them."""
    members = [*value.__mro__, *vars(value).values()] if isinstance(value, type) else [value]
    for member in members:
        for part in (member, *functions_of(member)):
            for held in callables_in(part):
                if isinstance(held, type) and held.__module__ == _NOTEBOOK:
                    yield held


def member_source(name: str, member: Any, owner: str, attribute: str) -> Member:
    """Statements that set ``attribute`` of ``owner`` to ``member``, whose parts are named after ``name``."""
    target = f"{owner}.{attribute}"
    match member:
        case staticmethod() | classmethod():
            kind = type(member).__name__
            return Member((f"{target} = {_BUILTINS}.{kind}({name})",), {name: member.__func__})
        case property():
            accessors = {"get": member.fget, "set": member.fset, "del": member.fdel}
            around = {f"{name}__{what}": one for what, one in accessors.items() if one is not None}
            given = ", ".join(f"f{what}={name}__{what}" for what, one in accessors.items() if one is not None)
            return Member((f"{target} = {_BUILTINS}.property({given})",), around)
        case functools.cached_property():
            lines = [f'{target} = __import__("functools").cached_property({name})']
            if member.attrname is not None:
                lines.append(f"{owner}.__dict__[{attribute!r}].__set_name__({owner}, {member.attrname!r})")
            return Member(tuple(lines), {name: member.func})
    return Member((f"{target} = {name}",), {name: member})


def mangled(attribute: str, owner: str) -> str:
    """The name that Python gives to ``attribute`` in the body of the class ``owner``."""
    private = attribute.startswith("__") and not attribute.endswith("__")
    return f"_{owner.lstrip('_')}{attribute}" if private and owner.strip("_") else attribute
