"""A published function as a callable: called like the original, with its types both ways."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence, Sized
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Final, Protocol

from jupyter_faas.client.answers import Response
from jupyter_faas.client.ongoing import Call, Ongoing
from jupyter_faas.client.patience import CallOptions, patiently
from jupyter_faas.client.requests import Body, body_of
from jupyter_faas.client.results import acceptable, real_result
from jupyter_faas.client.signatures import ANY_SIGNATURE, signature_of
from jupyter_faas.client.typed import typed
from jupyter_faas.model.media import NDJSON

__all__ = ["RemoteFunction"]

MAP_PATIENCE_SECONDS: Final = 300.0


class Caller(Protocol):
    """What sends the calls: ``GatewayClient``."""

    @property
    def url(self) -> str:
        """Where they go."""

    def send(
        self, name: str, body: Body, accept: str, *, timeout_seconds: float, ongoing: Ongoing
    ) -> Response:
        """The answer to a call."""

    def items(
        self, name: str, body: Body, *, timeout_seconds: float, ongoing: Ongoing
    ) -> Generator[Any, None, None]:
        """The items of a stream."""


class RemoteFunction:
    """A function on a gateway: has the name, signature and docstring of the original.

    Arguments are sent as what they are (a DataFrame as an Arrow table, a path as that file), results come
    back as what they were; of a generator function the items come as it yields them. Raises ``TypeError``
    for arguments that the signature has no place for, and whatever the gateway says, with the traceback of
    the function as a note; what the function raised can be caught as that, too (``except ValueError``).

    A call is sent once and waits until the function's own caps end it; ``options`` changes both.
    """

    def __init__(
        self, gateway: Caller, name: str, description: Mapping[str, Any], options: CallOptions | None = None
    ) -> None:
        self._gateway = gateway
        self._called = name
        self._options = options or CallOptions()
        self._output = description.get("output_schema") or {}
        self.description = description
        self.__name__ = self.__qualname__ = name.partition("@")[0]
        self.__doc__ = str(description.get("doc") or "") or None
        self.__signature__ = signature_of(str(description.get("signature") or ANY_SIGNATURE))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; see the class."""
        body = self._body(args, kwargs)
        return self._stream(body, Ongoing()) if self._streams else self._answered(body, Ongoing())

    def call_async(self, *args: Any, **kwargs: Any) -> Any:
        """Call it from ``asyncio`` code: ``await f.call_async(…)``; of a generator function
        ``async for item in f.call_async(…)``.

        A task that is cancelled ends the call. At most 64 calls of a process wait at a time.
        """
        from jupyter_faas.client.aside import aside, items_aside  # brings asyncio

        body = self._body(args, kwargs)
        if self._streams:
            return items_aside(lambda ongoing: self._stream(body, ongoing))
        ongoing = Ongoing()
        return aside(lambda: self._answered(body, ongoing), ongoing)

    def map(
        self,
        rows: Iterable[Any],
        *more: Iterable[Any],
        max_parallel: int = 8,
        progress: bool | None = None,
        return_exceptions: bool = False,
        **fixed: Any,
    ) -> Generator[Any, None, None]:
        """Call it for each row, as Python's ``map``: ``f.map(rows, q=0.9)`` gives ``f(row, q=0.9)`` of each.

        The results come in order and as they are asked for, at most ``max_parallel`` calls at a time; rows
        are read at most twice as far ahead. Calls that the gateway has no room for are tried again for five
        minutes, after its ``Retry-After``. The first error is raised at its row and ends what runs; with
        ``return_exceptions`` it is given in place of the result. ``progress`` shows a bar after a second: by
        default where somebody sees it. Generator functions give each row's items as a list.
        """
        total = len(rows) if isinstance(rows, Sized) and not more else None
        calls = (self._later(row, fixed) for row in zip(rows, *more, strict=False))
        return _mapped(calls, max_parallel, return_exceptions, progress, total)

    def starmap(
        self,
        rows: Iterable[Sequence[Any] | Mapping[str, Any]],
        *,
        max_parallel: int = 8,
        progress: bool | None = None,
        return_exceptions: bool = False,
        **fixed: Any,
    ) -> Generator[Any, None, None]:
        """As ``map``, for rows that have all arguments: by place in a tuple or list, or by name in a dict."""
        total = len(rows) if isinstance(rows, Sized) else None
        calls = (
            self._later((), {**fixed, **row}) if isinstance(row, Mapping) else self._later(row, fixed)
            for row in rows
        )
        return _mapped(calls, max_parallel, return_exceptions, progress, total)

    def options(
        self,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
        idempotent: bool | None = None,
    ) -> RemoteFunction:
        """The same function, called otherwise.

        ``timeout_seconds`` bounds the wait for an answer (``GatewayUnavailable``). For ``patience_seconds``
        calls are tried again that were surely not begun: too many wait (``Saturated``), the gateway is about
        to end or to start. ``idempotent`` says that calling twice does no harm, so that broken connections
        and crashes are tried again as well.
        """
        now = self._options
        changed = CallOptions(
            now.timeout_seconds if timeout_seconds is None else timeout_seconds,
            now.patience_seconds if patience_seconds is None else patience_seconds,
            now.idempotent if idempotent is None else idempotent,
        )
        return RemoteFunction(self._gateway, self._called, self.description, changed)

    @property
    def _streams(self) -> bool:
        return next(iter(self._output.get("x-faas-media", ())), "") == NDJSON

    def _later(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """A call of ``map``, which waits longer for its turn."""
        patience = max(self._options.patience_seconds, MAP_PATIENCE_SECONDS)
        patient = RemoteFunction(
            self._gateway, self._called, self.description, replace(self._options, patience_seconds=patience)
        )

        def call(ongoing: Ongoing) -> Any:
            body = patient._body(tuple(args), dict(kwargs))
            if patient._streams:
                return patiently(lambda: list(patient._stream(body, ongoing)), patient._options, ongoing)
            return patient._answered(body, ongoing)

        return call

    def _body(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Body:
        return body_of(self._named(args, kwargs), self.description)

    def _answered(self, body: Body, ongoing: Ongoing) -> Any:
        """The result of a call, tried as often as the options say."""

        def attempt() -> Any:
            answer = self._gateway.send(
                self._called,
                body,
                acceptable(self._output),
                timeout_seconds=self._options.timeout_seconds,
                ongoing=ongoing,
            )
            return real_result(answer, self._output, self._gateway.url)

        return patiently(attempt, self._options, ongoing)

    def __repr__(self) -> str:
        return f"<function {self._called}{self.__signature__} at {self._gateway.url}>"

    def _stream(self, body: Body, ongoing: Ongoing) -> Generator[Any, None, None]:
        """The items, as they come; until the first, the call is tried as often as the options say."""
        schema = self._output.get("items", {})
        seconds = self._options.timeout_seconds

        def begin() -> tuple[Generator[Any, None, None], list[Any]]:
            items = self._gateway.items(self._called, body, timeout_seconds=seconds, ongoing=ongoing)
            return items, list(islice(items, 1))

        items, first = patiently(begin, self._options, ongoing)
        try:
            for item in chain(first, items):
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


def _mapped(
    calls: Iterable[Call],
    max_parallel: int,
    return_exceptions: bool,
    progress: bool | None,
    total: int | None,
) -> Generator[Any, None, None]:
    from jupyter_faas.client.mapping import mapped  # brings threads

    return mapped(calls, max_parallel, return_exceptions, progress, total)
