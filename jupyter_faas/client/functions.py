"""A published function as a callable: called like the original, with its types both ways."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Generator, Mapping
from typing import Any, Final, Protocol

from jupyter_faas.client.answers import Response
from jupyter_faas.client.requests import Body, body_of
from jupyter_faas.client.results import acceptable, real_result
from jupyter_faas.client.typed import typed
from jupyter_faas.model.media import NDJSON

__all__ = ["RemoteFunction"]

_ANY: Final = "(**arguments)"


class Caller(Protocol):
    """What sends the calls: ``GatewayClient``."""

    @property
    def url(self) -> str:
        """Where they go."""

    def send(self, name: str, body: Body, accept: str) -> Response:
        """The answer to a call."""

    def items(self, name: str, body: Body) -> Generator[Any, None, None]:
        """The items of a stream."""


class RemoteFunction:
    """A function on a gateway: has the name, signature and docstring of the original.

    Arguments are sent as what they are (a DataFrame as an Arrow table, a path as that file), results come
    back as what they were; of a generator function the items come as it yields them. Raises ``TypeError``
    for arguments that the signature has no place for, and whatever the gateway says, with the traceback of
    the function as a note.
    """

    def __init__(self, gateway: Caller, name: str, description: Mapping[str, Any]) -> None:
        self._gateway = gateway
        self._called = name
        self._output = description.get("output_schema") or {}
        self.description = description
        self.__name__ = self.__qualname__ = name.partition("@")[0]
        self.__doc__ = str(description.get("doc") or "") or None
        self.__signature__ = signature_of(str(description.get("signature") or _ANY))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; see the class."""
        body = body_of(self._named(args, kwargs), self.description)
        if next(iter(self._output.get("x-faas-media", ())), "") == NDJSON:
            return self._stream(self._gateway.items(self._called, body))
        answer = self._gateway.send(self._called, body, acceptable())
        return real_result(answer, self._output, self._gateway.url)

    def __repr__(self) -> str:
        return f"<function {self._called}{self.__signature__} at {self._gateway.url}>"

    def _stream(self, items: Generator[Any, None, None]) -> Generator[Any, None, None]:
        schema = self._output.get("items", {})
        try:
            for item in items:
                yield typed(item, schema, self._output)
        finally:
            items.close()

    def _named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, as a body has them: those of ``*args`` are a list."""
        try:
            arguments = dict(self.__signature__.bind(*args, **kwargs).arguments)
        except TypeError as error:
            raise TypeError(f"{self.__name__}{self.__signature__}: {error}") from None
        for name, parameter in self.__signature__.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments |= arguments.pop(name, {})
            elif parameter.kind is parameter.VAR_POSITIONAL and name in arguments:
                arguments[name] = list(arguments[name])
        return arguments


class _Code:
    """An annotation or default that is known as text only, shown as it was written."""

    __module__ = "builtins"

    def __init__(self, node: ast.expr) -> None:
        self._text = ast.unparse(node)

    def __repr__(self) -> str:
        return self._text


def signature_of(text: str) -> inspect.Signature:
    """The signature that ``text`` writes, e.g. ``(x: int = 1) -> dict``; nothing in it is evaluated."""
    try:
        node = ast.parse(f"def f{text}: ...").body[0]
    except (SyntaxError, ValueError):
        return signature_of(_ANY)
    if not isinstance(node, ast.FunctionDef):
        return signature_of(_ANY)
    kinds, given = inspect.Parameter, node.args
    positional: list[tuple[ast.arg, Any]] = [(each, kinds.POSITIONAL_ONLY) for each in given.posonlyargs]
    positional += [(each, kinds.POSITIONAL_OR_KEYWORD) for each in given.args]
    without = len(positional) - len(given.defaults)
    found = [
        _parameter(each, kind, given.defaults[at - without] if at >= without else None)
        for at, (each, kind) in enumerate(positional)
    ]
    if given.vararg:
        found.append(_parameter(given.vararg, kinds.VAR_POSITIONAL))
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    found += [_parameter(each, kinds.KEYWORD_ONLY, default) for each, default in pairs]
    if given.kwarg:
        found.append(_parameter(given.kwarg, kinds.VAR_KEYWORD))
    return inspect.Signature(found, return_annotation=_code(node.returns, inspect.Signature.empty))


def _parameter(argument: ast.arg, kind: Any, default: ast.expr | None = None) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    annotation = _code(argument.annotation, empty)
    return inspect.Parameter(argument.arg, kind, default=_code(default, empty), annotation=annotation)


def _code(node: ast.expr | None, empty: Any) -> Any:
    if node is None:
        return empty
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    return _Code(node)
