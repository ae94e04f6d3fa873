"""What the Tab key offers after ``%faas`` and ``%%publish``: commands, functions, parameters, options."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import known_connection
from jupyter_faas.kernel.annotation import option_actions
from jupyter_faas.kernel.commands import command_parsers
from jupyter_faas.model.errors import FaasError

__all__ = ["complete_in", "offers"]

WAIT_SECONDS: Final = 0.4
"""How long a person's kernel is kept waiting for a gateway; what comes later is there for the next Tab."""
FRESH_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 5.0
PUBLISH: Final = ("%%publish", "#| publish")
_NAME: Final = "jupyter-faas"
_ASSIGNED: Final = re.compile(r"\s*([\w\s.,]+=\s*)?")
"""What may stand before a line magic."""

Functions = Mapping[str, Mapping[str, Any]]
"""Descriptions by name."""


class Known:
    """The functions of the gateway, asked for beside the kernel's own work and remembered for a while."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, Functions]] = {}
        self._asking: dict[str, threading.Thread] = {}

    def functions(self, gateway: str | None) -> Functions:
        """Those of the gateway at this URL, or of the local one; none while that doesn't answer."""
        try:
            connection = Connection.from_url(gateway) if gateway else known_connection()
        except FaasError:
            return {}
        if connection is None:
            return {}
        asked, found = self._found.get(connection.url, (0.0, {}))
        if time.monotonic() - asked < FRESH_SECONDS and asked:
            return found
        self._ask(connection).join(WAIT_SECONDS)
        return self._found.get(connection.url, (0.0, {}))[1]

    def _ask(self, connection: Connection) -> threading.Thread:
        running = self._asking.get(connection.url)
        if running is None or not running.is_alive():
            running = threading.Thread(target=self._read, args=(connection,), daemon=True)
            self._asking[connection.url] = running
            running.start()
        return running

    def _read(self, connection: Connection) -> None:
        try:
            with GatewayClient(connection) as client:
                functions = client.functions(timeout_seconds=ANSWER_SECONDS)
        except FaasError:
            functions = []
        self._found[connection.url] = (time.monotonic(), {each["name"]: each for each in functions})


def complete_in(shell: InteractiveShell) -> None:
    """Make ``shell`` complete our magics; doing it again changes nothing."""
    completer = getattr(shell, "Completer", None)
    if completer is None or any(
        getattr(each, "matcher_identifier", "") == _NAME for each in completer.custom_matchers
    ):
        return
    known = Known()

    @context_matcher(identifier=_NAME, priority=100)  # type: ignore[untyped-decorator]
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        first = context.full_text.split("\n", 1)[0] if context.cursor_line == 0 else ""
        line = context.text_until_cursor
        found = offers(line, known.functions) if first.startswith(PUBLISH) or "%faas" in line else None
        if found is None:
            return SimpleMatcherResult(completions=[])
        fragment, texts = found
        completions = [SimpleCompletion(text=text, type="magic") for text in texts]
        return {"completions": completions, "matched_fragment": fragment, "suppress": bool(completions)}

    completer.custom_matchers.append(matcher)


def offers(line: str, functions_of: Callable[[str | None], Functions]) -> tuple[str, list[str]] | None:
    """What is being written at the end of ``line``, and what it can become; ``None`` if the line isn't ours.

    ``functions_of`` gives the functions of a gateway by its URL; ``None`` is the local one.
    """
    for start in PUBLISH:
        if line.startswith(start):
            _, fragment = _split(line.removeprefix(start))
            return fragment, _beginning(fragment, _publish_options()) if fragment.startswith("-") else []
    before, magic, rest = line.partition("%faas ")
    if not magic or not _ASSIGNED.fullmatch(before):
        return None
    words, fragment = _split(" " + rest)
    gateway = None
    if words[:1] == ["--gateway"]:
        gateway, words = (words[1] if len(words) > 1 else None), words[2:]
    return fragment, _beginning(fragment, _candidates(words, fragment, lambda: functions_of(gateway)))


def _split(text: str) -> tuple[list[str], str]:
    """The words that are complete, and the one that is being written."""
    words = text.split()
    return (words[:-1], words[-1]) if words and not text[-1:].isspace() else (words, "")


def _beginning(fragment: str, texts: Iterable[str]) -> list[str]:
    return sorted(text for text in texts if text.startswith(fragment))


def _publish_options() -> list[str]:
    return [option for action in option_actions().values() for option in action.option_strings]


def _candidates(words: Sequence[str], fragment: str, functions: Callable[[], Functions]) -> Iterable[str]:
    parsers = command_parsers()
    if not words:
        return [*parsers, "publish", "--gateway"]
    command, *rest = words
    if command == "publish":
        return ["--whole", "--no-execute", *_publish_options()] if fragment.startswith("-") else []
    if command not in parsers:
        return []
    actions = parsers[command]._actions
    if fragment.startswith("-"):
        return [option for action in actions for option in action.option_strings if option.startswith("--")]
    named = [word for word in rest if not word.startswith("-")]
    if not named:
        return _names(functions(), fragment) if any(action.dest == "name" for action in actions) else []
    if command == "alias" and len(named) == 1:
        return list(functions().get(named[0], {}).get("aliases", ()))
    if command != "invoke":
        return []
    described = functions().get(named[0].partition("@")[0], {})
    return _parameters(described.get("input_schema", {}), named[1:], fragment)


def _names(functions: Functions, fragment: str) -> list[str]:
    """The functions; behind a ``@`` the aliases of one."""
    name, at, _ = fragment.partition("@")
    return [f"{name}@{alias}" for alias in functions.get(name, {}).get("aliases", ())] if at else [*functions]


def _parameters(schema: Mapping[str, Any], given: Sequence[str], fragment: str) -> list[str]:
    """``name=`` of those that aren't given yet; behind a ``=`` the values that there are."""
    properties = schema.get("properties", {})
    name, written, _ = fragment.partition("=")
    if written:
        each = properties.get(name, {})
        values = [True, False] if each.get("type") == "boolean" else each.get("enum", [])
        return [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for value in values]
    there = {word.partition("=")[0] for word in given}
    return [f"{name}=" for name in properties if name not in there]
