"""``%faas``: the catalogue and the gateway from a notebook."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from jupyter_faas.client import GatewayClient
from jupyter_faas.kernel.arguments import arguments_of
from jupyter_faas.kernel.caps import CAPS_COMMANDS, add_caps_command
from jupyter_faas.kernel.history import HISTORY_COMMANDS, add_history_commands, replay_here
from jupyter_faas.kernel.results import shown
from jupyter_faas.kernel.tables import fields_table, function_table, functions_table
from jupyter_faas.kernel.versions import VERSION_COMMANDS, add_parsers, prune

_new_parser: Callable[..., argparse.ArgumentParser] = MagicArgumentParser

__all__ = ["Connect", "Invocation", "command_parsers", "run_command"]

Connect = Callable[[str | None], GatewayClient]
"""Gives a client of the gateway with this URL; None: the local one."""

Invocation = Callable[[Callable[[], GatewayClient], str, Mapping[str, Any], str | None], Any]
"""Calls a function: of the gateway that the first argument connects to, by name, with its arguments, in the
form that is asked for."""


def run_command(line: str, connect: Connect, namespace: Mapping[str, Any], invoke: Invocation) -> Any:
    """Do what ``line`` says at the gateway that ``connect`` gives.

    Returns what is to be shown: a table, or what ``invoke`` gives. Raises ``UsageError`` for a line that
    isn't understood, and what the gateway raises. ``namespace`` has what this kernel defines.
    """
    # Quotes inside JSON belong to it: only the words before the arguments are split as a shell does.
    options = _parser().parse_args(line.split() if "{" in line or " invoke " in f" {line} " else _words(line))
    if options.command is None:
        names = ", ".join([*_COMMANDS, "invoke", "replay"])
        raise UsageError(f"%faas needs a command: {names}. %faas? explains them.")
    if options.command == "invoke":
        arguments = arguments_of(_rest(line, options), namespace)
        return invoke(lambda: connect(options.gateway), options.name, arguments, options.accept)
    with connect(options.gateway) as gateway:
        if options.command == "replay":
            return _replay(gateway, options, namespace)
        return _COMMANDS[options.command](gateway, options, line)


def _rest(line: str, options: argparse.Namespace) -> str:
    """The text after the function's name as it was written."""
    given = len(options.arguments)
    return line.split(maxsplit=len(line.split()) - given)[-1] if given else ""


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    (commands,) = (one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def _replay(gateway: GatewayClient, options: argparse.Namespace, namespace: Mapping[str, Any]) -> Any:
    braces = any("{" in pair for pair in options.pairs)  # then nothing was unquoted
    text = " ".join(options.pairs) if braces else shlex.join(options.pairs)
    changes = arguments_of(text, namespace)
    if options.version is None:
        return replay_here(gateway, options.id, changes, namespace)
    answer, same = gateway.replay(options.id, options.version, changes)
    if same is not None:
        print(f"The recorded call gave {'the same' if same else 'something else'}.")  # noqa: T201 - beside it
    return shown(answer, {}, gateway.connection.url)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%faas {line}: {error}.") from None


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
    commands.choices["invoke"].add_argument("--accept")
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


_COMMANDS: dict[str, Callable[[GatewayClient, argparse.Namespace, str], Any]] = {
    "list": _list,
    "show": _show,
    **CAPS_COMMANDS,
    **HISTORY_COMMANDS,
    "gateway": _gateway,
    **VERSION_COMMANDS,
    "prune": prune,
}
