"""Completion in a shell: of commands, options, functions, and their parameters. argcomplete does the work."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Iterator
from typing import Any, Final

from jupyter_faas.cli.arguments import Commands, add_command
from jupyter_faas.cli.invoke import function_parser
from jupyter_faas.client import GatewayClient
from jupyter_faas.client.connection import known_connection
from jupyter_faas.model.errors import FaasError

__all__ = ["add_commands", "answer", "is_asked_for"]

PROGRAMS: Final = ["jupyter", "jupyter-faas"]
SHELLS: Final = ("bash", "zsh", "fish")
ABOUT: Final = """\
  bash   eval "$(jupyter faas completion bash)"        in ~/.bashrc
  zsh    eval "$(jupyter faas completion zsh)"         in ~/.zshrc
  fish   jupyter faas completion fish | source         in ~/.config/fish/config.fish"""


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    parser = add_command(
        commands,
        "completion",
        _completion,
        "print what makes a shell complete commands, functions and their parameters",
        json=False,
        description=ABOUT,
    )
    parser.add_argument("shell", choices=SHELLS)


def _completion(arguments: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(PROGRAMS, shell=arguments.shell))
    return 0


def is_asked_for() -> bool:
    """Whether a shell asks, rather than a person."""
    return "_ARGCOMPLETE" in os.environ


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell the shell what may stand at the cursor, and end the process."""
    import argcomplete

    (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    for command in commands.choices.values():
        for action in command._actions:
            if action.dest == "name":
                _complete(action, _names)
    _add_parameters(commands.choices["invoke"])
    argcomplete.autocomplete(parser, always_complete_options=False)


def _complete(action: argparse.Action, completer: Callable[..., list[str]]) -> None:
    """Have argcomplete ask ``completer``: it looks for an attribute that argparse's actions don't have."""
    vars(action)["completer"] = completer


def _names(prefix: str, **_: Any) -> list[str]:
    """The functions whose names begin so; none where no gateway answers at once."""
    client = _client()
    return [name for name in client._ipython_key_completions_() if name.startswith(prefix)] if client else []


def _client() -> GatewayClient | None:
    try:
        connection = known_connection()
    except FaasError:
        return None
    return GatewayClient(connection) if connection else None


def _add_parameters(invoke: argparse.ArgumentParser) -> None:
    """Give ``invoke`` the parameters of the function that the line names, in place of any words."""
    (words,) = (action for action in invoke._actions if action.dest == "words")
    words.nargs = "*"
    name, client = _function_in(os.environ.get("COMP_LINE", "")), _client()
    if not name or client is None:
        return
    try:
        described = client.function(name)
    except FaasError:
        return
    properties = described["input_schema"].get("properties", {})
    _complete(words, lambda prefix, **_: [f"{each}=" for each in properties if each.startswith(prefix)])
    for action in _parameters(function_parser(name, described)):
        choices = _choices(properties[action.dest.removeprefix("parameter ")])
        added = invoke.add_argument(*action.option_strings, help=action.help)
        _complete(added, lambda choices=choices, **_: choices)


def _parameters(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if action.dest.startswith("parameter "))


def _choices(schema: Any) -> list[str]:
    if not isinstance(schema, dict):
        return []
    if schema.get("type") == "boolean":
        return ["true", "false"]
    return [value if isinstance(value, str) else str(value) for value in schema.get("enum", ())]


def _function_in(line: str) -> str:
    """The word after ``invoke``."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    after = words[words.index("invoke") + 1 :] if "invoke" in words else []
    return next((word for word in after if not word.startswith("-")), "")
