"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

from jupyter_faas.client import Connection, GatewayClient, connect
from jupyter_faas.model.errors import MalformedRequest

__all__ = ["Command", "Commands", "UsageError", "add_command", "client_of", "gateway_argument"]


class UsageError(Exception):
    """The command line asks for something that makes no sense; its text says what to write instead."""


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

Command = Callable[[argparse.Namespace], int]
"""Carries a command out and returns its exit status."""


def gateway_argument(parser: argparse.ArgumentParser, default: Any) -> None:
    """``--gateway``; a command's own must not reset what was given before the command."""
    parser.add_argument(
        "--gateway",
        metavar="URL",
        type=_url,
        default=default,
        help="the gateway (default: FAAS_GATEWAY, or the one that runs on this machine); its token is taken "
        "from FAAS_TOKEN or the connection file",
    )


def add_command(
    commands: Commands,
    name: str,
    run: Command,
    help: str,  # noqa: A002 - argparse's word
    *,
    json: bool = True,
    description: str | None = None,
    **options: Any,
) -> argparse.ArgumentParser:
    """A sub-command with what all of them have; ``description`` continues what ``help`` begins."""
    text = f"{help[0].upper()}{help[1:]}."
    parser = commands.add_parser(
        name,
        help=help,
        description=f"{text}\n\n{description}" if description else text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **options,
    )
    gateway_argument(parser, argparse.SUPPRESS)
    if json:
        parser.add_argument("--json", action="store_true", help="print JSON, with the API's own keys")
    parser.set_defaults(run=run, takes_rest=False)
    return parser


def client_of(arguments: argparse.Namespace) -> GatewayClient:
    """A client of the gateway that the arguments or the environment name, or of the one that runs."""
    return connect(arguments.gateway)


def _url(text: str) -> str:
    try:
        return Connection.from_url(text, token="").url
    except MalformedRequest as error:
        raise argparse.ArgumentTypeError(error.detail) from error
