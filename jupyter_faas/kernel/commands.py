"""``%faas``: the catalogue and the gateway from a notebook."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from jupyter_faas.client import GatewayClient
from jupyter_faas.kernel.caps import CAPS_COMMANDS, add_caps_command
from jupyter_faas.kernel.history import HISTORY_COMMANDS, add_history_commands, replay_here
from jupyter_faas.kernel.results import accept_of_notebook, shown
from jupyter_faas.kernel.tables import fields_table, function_table, functions_table
from jupyter_faas.kernel.versions import VERSION_COMMANDS, add_parsers, prune
from jupyter_faas.model.errors import InvalidInput

_new_parser: Callable[..., argparse.ArgumentParser] = MagicArgumentParser

__all__ = ["arguments_of", "command_parsers", "run_command"]


def run_command(
    line: str, connect: Callable[[str | None], GatewayClient], namespace: Mapping[str, Any] = {}
) -> Any:
    """Do what ``line`` says at the gateway that ``connect`` gives for its URL (None: the local one).

    Returns what is to be shown: a table, or the value of an invocation. Raises ``UsageError`` for a line
    that isn't understood, and what the gateway raises. ``namespace`` has what this kernel defines.
    """
    # Quotes inside JSON belong to it: only the words before the arguments are split as a shell does.
    options = _parser().parse_args(line.split() if "{" in line or " invoke " in f" {line} " else _words(line))
    if options.command is None:
        raise UsageError(f"%faas needs a command: {', '.join([*_COMMANDS, 'replay'])}. %faas? explains them.")
    with connect(options.gateway) as gateway:
        if options.command == "replay":
            return _replay(gateway, options, namespace)
        return _COMMANDS[options.command](gateway, options, line)


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    (commands,) = (one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def arguments_of(text: str) -> dict[str, Any]:
    """The arguments of ``%faas invoke NAME <text>``: a JSON object, or ``key=value`` words."""
    text = text.strip()
    if text.startswith("{"):
        try:
            arguments: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInput(f"The arguments aren't a JSON object: {error}.") from error
        return arguments
    pairs = [word.partition("=") for word in shlex.split(text)]
    for key, equals, _ in pairs:
        if not equals:
            raise InvalidInput(f"{key!r} has no value: write {key}=VALUE, or one JSON object.")
    return {key: _json_or_text(value) for key, _, value in pairs}


def _replay(gateway: GatewayClient, options: argparse.Namespace, namespace: Mapping[str, Any]) -> Any:
    changes = arguments_of(shlex.join(options.pairs))
    if options.version is None:
        return replay_here(gateway, options.id, changes, namespace)
    answer, same = gateway.replay(options.id, options.version, changes)
    if same is not None:
        print(f"The recorded call gave {'the same' if same else 'something else'}.")  # noqa: T201 - beside it
    return shown(answer, gateway.connection.url)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%faas {line}: {error}.") from None


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _parser() -> argparse.ArgumentParser:
    parser = _new_parser("%faas")
    parser.add_argument("--gateway")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list")
    commands.add_parser("gateway")
    commands.add_parser("prune").add_argument("--dry-run", action="store_true")
    commands.choices["prune"].add_argument("--json", action="store_true")
    add_parsers(commands)
    for name in ("show", "invoke"):
        commands.add_parser(name).add_argument("name")
    add_history_commands(commands)
    add_caps_command(commands)
    commands.choices["invoke"].add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _list(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return functions_table(gateway.functions())


def _show(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return function_table(gateway.function(options.name))


def _gateway(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return fields_table(gateway.gateway())


def _invoke(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:
    text = line.partition("invoke")[2].strip().removeprefix(options.name)
    answer = gateway.answer(options.name, arguments_of(text), accept_of_notebook())
    return shown(answer, gateway.connection.url)


_COMMANDS: dict[str, Callable[[GatewayClient, argparse.Namespace, str], Any]] = {
    "list": _list,
    "show": _show,
    **CAPS_COMMANDS,
    **HISTORY_COMMANDS,
    "gateway": _gateway,
    "invoke": _invoke,
    **VERSION_COMMANDS,
    "prune": prune,
}
