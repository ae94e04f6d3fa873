"""Classes that a call has made, carried as another call that gives the same: ``namedtuple("Point", fields)``.

The call stands with what the live class holds, so that it doesn't matter where it was made, nor from what.
"""

from __future__ import annotations

import abc
import ast
import dataclasses
import enum
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.members import member_source
from jupyter_faas.kernel.names import uses

__all__ = ["is_nowhere", "made_by_call"]

_FIELD_OPTIONS: Final = ("init", "repr", "hash", "compare", "metadata", "kw_only")
_PYTHONS_OWN: Final = frozenset(
    {"__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__firstlineno__", "_abc_impl"}
)
_ANNOTATED: Final = frozenset(
    {"__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"}
)


def is_nowhere(value: type) -> bool:
    """Whether a call has made ``value`` where no module has it: a row of a table, a ``make_dataclass``."""
    return (_is_named_tuple(value) or "__dataclass_fields__" in vars(value)) and not _is_importable(value)


def made_by_call(name: str, value: type) -> Definition | None:
    """The call that gives ``name`` a class like ``value``; None if no call could."""
    call = _Call(name)
    text: str | None
    if _is_named_tuple(value):
        text = _named_tuple(value, call)
    elif isinstance(value, enum.EnumMeta):
        text = _enumeration(value, call)
    elif typing.is_typeddict(value):
        text = _typed_dict(value, call)
    elif "__dataclass_fields__" in vars(value):
        text = _data_class(value, call)
    elif "__pydantic_fields__" in vars(value):
        text = _model(value, call)
    elif type(value) in (type, abc.ABCMeta):
        text = _plain(value, call)
    else:
        return None
    return call.definition(f"{name} = {text}" if text is not None else None)


def _is_importable(value: type) -> bool:
    """Whether the module that the class names has it."""
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value


class _Call:
    """Gathers the objects that a call is given, by names of the handler's own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.around: dict[str, Any] = {}
        self.after: list[str] = []
        self.set_later: dict[str, Any] = {}

    def held(self, what: str, value: Any) -> str:
        """The name for ``value``; ``what`` tells them apart."""
        known = f"{self.name}__{what}"
        while known in self.around and self.around[known] is not value:
            known += "_"
        self.around[known] = value
        return known

    def definition(self, text: str | None) -> Definition | None:
        if text is None:
            return None
        used = uses(ast.parse(text).body[0])
        return Definition(
            self.name,
            "class",
            ast.parse(text).body[0],
            text,
            replace(used, now=used.now | self.around.keys(), later=used.later | self.set_later.keys()),
            around={**self.around, **self.set_later},
            completion="\n".join(self.after) or None,
            completed_by=frozenset(self.set_later),
        )


def _imported(module: str, name: str) -> str:
    return f'__import__("{module}", fromlist=["{name}"]).{name}'


def _own(value: type) -> Mapping[str, Any]:
    return {key: member for key, member in vars(value).items() if key not in _PYTHONS_OWN | _ANNOTATED}


def _is_named_tuple(value: type) -> bool:
    return issubclass(value, tuple) and value.__bases__ == (tuple,) and "_fields" in vars(value)


def _named_tuple(value: Any, call: _Call) -> str:
    fields, types_given = value._fields, getattr(value, "__annotations__", {})
    defaults = [call.held(key, default) for key, default in value._field_defaults.items()]
    given = f", defaults=[{', '.join(defaults)}]" if defaults else ""
    maker = _imported("collections", "namedtuple")
    made = f"{maker}({value.__name__!r}, {list(fields)!r}{given}, module=__name__)"
    if types_given:
        pairs = ", ".join(f"{key!r}: {call.held(f'{key}__type', kind)}" for key, kind in types_given.items())
        call.after.append(f"{call.name}.__annotations__ = {call.name}.__new__.__annotations__ = {{{pairs}}}")
    return made


def _enumeration(value: Any, call: _Call) -> str | None:
    members = {key: member.value for key, member in value.__members__.items()}
    if any(isinstance(one, types.FunctionType) for one in vars(value).values() if _is_notebooks(one)):
        return None
    bases = value.__bases__
    kind = ""
    if len(bases) == 2:  # Enum("Color", {...}, type=str)
        kind = f", type={call.held('type', bases[0])}"
    base = call.held("base", bases[-1])
    pairs = ", ".join(f"({key!r}, {call.held(key, member)})" for key, member in members.items())
    return f"{base}({value.__name__!r}, [{pairs}], module=__name__, qualname={value.__qualname__!r}{kind})"


def _is_notebooks(member: Any) -> bool:
    return getattr(member, "__module__", None) == "__main__"


def _typed_dict(value: Any, call: _Call) -> str:
    pairs = ", ".join(
        f"{key!r}: {call.held(key, kind)}"
        for key, kind in typing.get_type_hints(value, include_extras=True).items()
    )
    optional = value.__optional_keys__ and not value.__required_keys__
    total = ", total=False" if optional else ""
    return f"{_imported('typing', 'TypedDict')}({value.__name__!r}, {{{pairs}}}{total})"


def _data_class(value: Any, call: _Call) -> str:
    parts = []
    inherited = {key for base in value.__mro__[1:] for key in getattr(base, "__dataclass_fields__", {})}
    for field in value.__dataclass_fields__.values():
        if field.name in inherited and field.name not in value.__annotations__:
            continue
        options = [f"{key}={call.held(f'{field.name}__{key}', getattr(field, key))}" for key in _given(field)]
        made = f"{_imported('dataclasses', 'field')}({', '.join(options)})"
        parts.append(f"({field.name!r}, {call.held(f'{field.name}__type', field.type)}, {made})")
    parameters = value.__dataclass_params__
    names = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
    said = [f"{key}={getattr(parameters, key)!r}" for key in names]
    fields = value.__dataclass_fields__.keys()
    own = {key: member for key, member in _own(value).items() if key not in fields}
    _set_members({key: member for key, member in own.items() if _is_given(key, member)}, call)
    given = ", ".join([f"bases={_bases(value, call)}", *said])
    maker = _imported("dataclasses", "make_dataclass")
    return f"{maker}({value.__name__!r}, [{', '.join(parts)}], {given})"


def _bases(value: type, call: _Call) -> str:
    bases = (base for base in value.__bases__ if base is not object)
    return "(" + "".join(f"{call.held(f'base{number}', base)}, " for number, base in enumerate(bases)) + ")"


def _given(field: dataclasses.Field[Any]) -> Iterator[str]:
    """The options of a field that say something."""
    for key in ("default", "default_factory"):
        if getattr(field, key) is not dataclasses.MISSING:
            yield key
    plain = dataclasses.field()
    for key in _FIELD_OPTIONS:
        ordinary = False if key == "kw_only" else getattr(plain, key)
        if getattr(field, key) != ordinary:
            yield key


def _is_given(key: str, member: Any) -> bool:
    """Whether the author has given a class this member, not ``dataclass``, whose methods are of no cell."""
    code = getattr(member, "__code__", None)
    if code is not None and code.co_filename == "<string>":
        return False
    return not (key.startswith("__dataclass_") or key in ("__match_args__", "__hash__", "__repr__"))


def _model(value: Any, call: _Call) -> str | None:
    """A model of pydantic's ``create_model``."""
    pairs = []
    for key, info in value.__pydantic_fields__.items():
        kind = call.held(f"{key}__type", info.annotation)
        pairs.append(f"{key!r}: ({kind}, {call.held(key, info)})")
    given = f"__base__={_bases(value, call)}, __module__=__name__, **{{{', '.join(pairs)}}}"
    return f"{_imported('pydantic', 'create_model')}({value.__name__!r}, {given})"


def _plain(value: type, call: _Call) -> str | None:
    """A class of ``type(name, bases, members)``."""
    if "__slots__" in vars(value) or "__orig_bases__" in vars(value):
        return None
    _set_members(_own(value), call)
    kind = '__import__("builtins").type' if type(value) is type else _imported("abc", "ABCMeta")
    return f"{kind}({value.__name__!r}, {_bases(value, call)}, {{}})"


def _set_members(members: Mapping[str, Any], call: _Call) -> None:
    for attribute, member in members.items():
        made = member_source(f"{call.name}__{attribute}", member, call.name, attribute)
        call.set_later |= made.around
        call.after += made.lines
