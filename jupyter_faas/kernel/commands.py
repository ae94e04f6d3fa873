"""``%faas``: the catalogue and the gateway from a notebook."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from jupyter_faas.client import GatewayClient
from jupyter_faas.kernel.tables import fields_table, function_table, functions_table, logs_table
from jupyter_faas.kernel.versions import VERSION_COMMANDS, add_parsers

_new_parser: Callable[..., argparse.ArgumentParser] = MagicArgumentParser

__all__ = ["Invocation", "run_command"]

Invocation = Callable[[Callable[[], GatewayClient], str, str, str | None], Any]
"""Calls a function: of the gateway that the first argument connects to, by name, with the text of its
arguments and the form that is asked for."""


def run_command(line: str, connect: Callable[[str | None], GatewayClient], invoke: Invocation) -> Any:
    """Do what ``line`` says at the gateway that ``connect`` gives for its URL (None: the local one).

    Returns what is to be shown: a table, or what ``invoke`` gives. Raises ``UsageError`` for a line that
    isn't understood, and what the gateway raises.
    """
    words = line.split()
    options = _parser().parse_args(words)
    if options.command is None:
        names = ", ".join([*_COMMANDS, "invoke"])
        raise UsageError(f"%faas needs a command: {names}. %faas? explains them.")
    if options.command == "invoke":
        return invoke(lambda: connect(options.gateway), options.name, _rest(line, options), options.accept)
    with connect(options.gateway) as gateway:
        return _COMMANDS[options.command](gateway, options, line)


def _rest(line: str, options: argparse.Namespace) -> str:
    """The text after the function's name as it was written."""
    given = len(options.arguments)
    return line.split(maxsplit=len(line.split()) - given)[-1] if given else ""


def _parser() -> argparse.ArgumentParser:
    parser = _new_parser("%faas")
    parser.add_argument("--gateway")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list")
    commands.add_parser("gateway")
    add_parsers(commands)
    for name in ("show", "logs", "invoke"):
        commands.add_parser(name).add_argument("name")
    commands.choices["logs"].add_argument("--limit", type=int, default=100)
    commands.choices["invoke"].add_argument("--accept")
    commands.choices["invoke"].add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _list(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return functions_table(gateway.functions())


def _show(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return function_table(gateway.function(options.name))


def _logs(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return logs_table(gateway.logs(options.name, options.limit))


def _gateway(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    return fields_table(gateway.gateway())


_COMMANDS: dict[str, Callable[[GatewayClient, argparse.Namespace, str], Any]] = {
    "list": _list,
    "show": _show,
    "logs": _logs,
    "gateway": _gateway,
    **VERSION_COMMANDS,
}
