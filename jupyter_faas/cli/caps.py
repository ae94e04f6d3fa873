"""``jupyter faas caps``: what calls use of their caps, and how to change them."""

from __future__ import annotations

import argparse

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, print_json, print_table
from jupyter_faas.client.caps import caps_changed, caps_rows
from jupyter_faas.model.cap_options import CAP_CHOICES, CAP_OPTIONS, form_of

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    caps = add_command(
        commands,
        "caps",
        _caps,
        "show what calls use of a function's caps, or change them",
        description="With options, a new version with these caps goes live. It has the same image: nothing "
        "is built, and its examples aren't run again.",
    )
    caps.add_argument("name", metavar="NAME")
    for name, option in CAP_OPTIONS.items():
        caps.add_argument(f"--{name}", metavar="CAP", help=f"{option.what}: {form_of(option)}")
    for name, words in CAP_CHOICES.items():
        caps.add_argument(f"--{name}", choices=words)


def _caps(arguments: argparse.Namespace) -> int:
    names = (*CAP_OPTIONS, *CAP_CHOICES)
    options = {name: getattr(arguments, name.replace("-", "_")) for name in names}
    if arguments.name.startswith("-"):
        raise UsageError("name the function first: jupyter faas caps NAME --memory 1GB")
    with client_of(arguments) as client:
        if any(text is not None for text in options.values()):
            answer = client.change_caps(arguments.name, options)
            print_json(answer) if arguments.json else print(caps_changed(answer))
            return 0
        advice = client.caps(arguments.name)
    if arguments.json:
        print_json(advice)
        return 0
    print_table(("CAP", "IS", "MEDIAN", "P99", "MOST", "PROPOSED", "BECAUSE"), caps_rows(advice))
    if not advice["usage"]["calls"]:
        note(f"{arguments.name} hasn't been called yet.")
    for proposal in advice["proposals"]:
        note(f"jupyter faas caps {arguments.name} {proposal['option']}")
    return 0
