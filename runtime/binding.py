"""The arguments of a call, as the function's signature and annotations want them."""

from __future__ import annotations

import json
from types import GenericAlias

from .faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .converters import Parameter

    Entry = Callable[..., Any]

VARIADIC = 0x04  # inspect.CO_VARARGS, without the import of inspect
VARIADIC_KEYWORDS = 0x08
PLAIN = (float, str, bool, list, dict, object, None, type(None))
PLAIN_TEXTS = frozenset({"float", "str", "bool", "list", "dict", "object", "None", "Any"})


class Binder:
    """Binds calls of one function.

    Parameters whose annotation is a type that JSON itself has cost nothing: their values are passed on as
    they are. (An ``int`` where ``float`` is annotated is one of them: PEP 484 lets it stand for a float.)
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._parameters = _parameters(entry)
        code = getattr(entry, "__code__", None)
        plain = code is not None and not code.co_posonlyargcount and not code.co_flags & VARIADIC
        self._named_only = plain and not hasattr(entry, "__wrapped__")

    def bind(self, header: dict[str, Any], body: bytes) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the body of a ``CALL``; raises ``Fault``."""
        if "parts" in header:
            arguments = self._with_parts(header, body)
        else:
            arguments = json.loads(body)
            if self._parameters:
                self._convert(arguments)
        return ([], arguments) if self._named_only else self._placed(arguments)

    def _convert(self, arguments: dict[str, Any]) -> None:
        rest = self._parameters.get("**")
        for name, value in arguments.items():
            parameter = self._parameters.get(name, rest)
            if parameter is not None and parameter.convert is not None:
                try:
                    arguments[name] = parameter.convert(value)
                except Fault as fault:
                    raise fault.inside(f".{name}") from None
                except RecursionError:
                    raise Fault("is nested too deeply", f".{name}") from None

    def _with_parts(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        """The arguments of a call that brings files: slices of the body after the JSON ones."""
        end = header["json"]
        arguments: dict[str, Any] = json.loads(body[:end])
        self._convert(arguments)
        view = memoryview(body)
        for part in header["parts"]:
            content, end = view[end : end + part["length"]], end + part["length"]
            name = part["name"]
            parameter = self._parameters.get(name)
            if parameter is None or parameter.read is None:
                raise Fault("takes no file", f".{name}")
            try:
                arguments[name] = parameter.read(content, part["media_type"], part["filename"])
            except Fault as fault:
                raise fault.inside(f".{name}") from None
        return arguments

    def _placed(self, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        from inspect import Parameter, signature

        positional: list[Any] = []
        for name, parameter in signature(self._entry).parameters.items():
            if parameter.kind == Parameter.VAR_POSITIONAL:
                positional.extend(arguments.pop(name, ()))
            elif parameter.kind not in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}:
                continue
            elif name in arguments:
                positional.append(arguments.pop(name))
            elif parameter.default is Parameter.empty:
                break  # the call itself says which argument is missing
            else:
                positional.append(parameter.default)
        return positional, arguments


def _parameters(entry: Entry) -> dict[str, Parameter]:
    """The parameters that need more than JSON gives; ``**`` stands for those that ``**kwargs`` takes."""
    inner: Any = entry
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    annotations = getattr(inner, "__annotations__", None)
    if not isinstance(annotations, dict):
        return {}
    wanted = {name: each for name, each in annotations.items() if name != "return" and not _is_plain(each)}
    if not wanted:
        return {}
    from .converters import Parameter, parameters_of

    own, variadic, keywords = _names(inner)
    found = parameters_of(wanted, getattr(inner, "__globals__", {}), variadic, keywords)
    if "**" in found:  # which is for what has no name of its own only
        found.update({name: Parameter(None, None) for name in own if name not in found})
    return found


def _is_plain(annotation: Any) -> bool:
    """Whether JSON gives the type by itself, as far as can be told without importing ``typing``."""
    if isinstance(annotation, str):
        return annotation in PLAIN_TEXTS
    if isinstance(annotation, GenericAlias):
        return annotation.__origin__ in (list, dict) and all(_is_plain(each) for each in annotation.__args__)
    return any(annotation is each for each in PLAIN)


def _names(function: Any) -> tuple[tuple[str, ...], str | None, str | None]:
    """The names of the parameters (``*args`` is one), of ``*args`` and of ``**kwargs``."""
    code = getattr(function, "__code__", None)
    if code is None:
        return (), None, None
    at = code.co_argcount + code.co_kwonlyargcount
    args = code.co_varnames[at] if code.co_flags & VARIADIC else None
    at += args is not None
    keywords = code.co_varnames[at] if code.co_flags & VARIADIC_KEYWORDS else None
    return code.co_varnames[:at], args, keywords
