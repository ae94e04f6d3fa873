"""``%faas caps``: what calls use of their caps, and how to change them."""

from __future__ import annotations

import argparse
from typing import Any, Final

from jupyter_faas.client import GatewayClient
from jupyter_faas.client.caps import caps_changed, caps_rows
from jupyter_faas.kernel.tables import Table
from jupyter_faas.kernel.versions import Said
from jupyter_faas.model.cap_options import CAP_CHOICES, CAP_OPTIONS

__all__ = ["CAPS_COMMANDS", "add_caps_command"]


def add_caps_command(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("caps")
    parser.add_argument("name")
    for name in CAP_OPTIONS:
        parser.add_argument(f"--{name}")
    for name, words in CAP_CHOICES.items():
        parser.add_argument(f"--{name}", choices=words)


def _caps(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    names = (*CAP_OPTIONS, *CAP_CHOICES)
    chosen = {name: getattr(options, name.replace("-", "_")) for name in names}
    if any(text is not None for text in chosen.values()):
        return Said(caps_changed(gateway.change_caps(options.name, chosen)))
    columns = ("cap", "is", "median", "p99", "most", "proposed", "because")
    return Table(columns, tuple(caps_rows(gateway.caps(options.name))))


CAPS_COMMANDS: Final = {"caps": _caps}
