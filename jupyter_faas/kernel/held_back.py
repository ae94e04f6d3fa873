"""Functions that a run of a notebook doesn't publish (``choice.py``), but that its cells may call.

Such a call is answered by the function in the kernel, so that the cells after it find what they need.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.client.typed import typed
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.authoring import Context
from jupyter_faas.model.errors import InvalidInput

__all__ = ["call_here", "hold_back", "is_held_back"]

_ATTRIBUTE = "_faas_held_back"


def hold_back(shell: InteractiveShell, name: str, entry: str | None) -> None:
    """Remember that ``name`` isn't published; its function here is ``entry``, None for a cell without one."""
    function = shell.user_ns.get(entry) if entry else None
    _of(shell)[name] = function if callable(function) else None


def is_held_back(shell: InteractiveShell, name: str) -> bool:
    """Whether this run has a function ``name`` (or ``name@version``) and doesn't publish it."""
    return name.partition("@")[0] in _of(shell)


def call_here(shell: InteractiveShell, name: str, arguments: Mapping[str, Any]) -> Any:
    """The result of the kernel's function, after a line that says so; None if there is nothing to call.

    What JSON wrote becomes what the annotations say where the client could make it. Raises ``InvalidInput``
    for arguments that the signature has no place for, and what the function raises.
    """
    function = _of(shell)[name.partition("@")[0]]
    if function is None or Context in inspect.get_annotations(function, eval_str=True).values():
        print(f"{name} is not published in this run, and was not called.")  # noqa: T201  said to the author
        return None
    print(f"{name} is not published in this run: the function in this kernel was called.")  # noqa: T201
    return _result(function(**_typed(function, name, arguments)))


def _of(shell: InteractiveShell) -> dict[str, Callable[..., Any] | None]:
    found: dict[str, Callable[..., Any] | None] | None = getattr(shell, _ATTRIBUTE, None)
    if found is None:
        found = {}
        setattr(shell, _ATTRIBUTE, found)
    return found


def _typed(function: Callable[..., Any], name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise InvalidInput(f"{name}{inspect.signature(function)}: {error}.") from error
    schema = schemas_of(function, name).input
    properties = schema["properties"]
    return {key: typed(value, properties.get(key, {}), schema) for key, value in arguments.items()}


def _result(result: Any) -> Any:
    """Of a stream the list of its items; a coroutine runs in a thread, for the kernel's loop is busy."""
    if inspect.isasyncgen(result):
        return _awaited(_items(result))
    if inspect.isawaitable(result):
        return _awaited(result)
    return list(result) if inspect.isgenerator(result) else result


async def _items(stream: Any) -> list[Any]:
    return [item async for item in stream]


def _awaited(result: Any) -> Any:
    async def wait() -> Any:
        return await result

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, wait()).result()
