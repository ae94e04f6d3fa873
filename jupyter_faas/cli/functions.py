"""Commands about published functions: list, show, delete."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, print_facts, print_json, print_table
from jupyter_faas.client.wording import deletion_words, version_of
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    add_command(commands, "list", _list, "list the published functions")
    show = add_command(commands, "show", _show, "show one function")
    show.add_argument("name", metavar="NAME")
    delete = add_command(
        commands, "delete", _delete, "delete a function with all its versions, or one version"
    )
    delete.add_argument("name", metavar="NAME[@VERSION]")
    delete.add_argument("--yes", action="store_true", help="don't ask")


def _list(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        functions = client.functions()
    if arguments.json:
        print_json({"functions": functions})
    elif not functions:
        note("No function is published yet. Put %%publish on top of a notebook cell.")
    else:
        print_table(
            ("NAME", "VERSION", "INSTANCES", "PUBLISHED", "URL"),
            ([f["name"], f["version"], f["instances"], f["published"], f["url"]] for f in functions),
        )
    return 0


def _show(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        function = client.function(arguments.name)
    if arguments.json:
        print_json(function)
        return 0
    print_facts(
        {
            "name": function["name"],
            "url": function["url"],
            "version": f"{function['version']} (of {function['versions']})",
            "published": function["published"],
            "from": _origin(function.get("origin")),
            "does": function.get("doc"),
            "parameters": _parameters(function.get("input_schema")),
            "access": "public" if function["public"] else "with the token",
            "python": function["python"],
            "packages": "\n".join(function["packages"]) or "none",
            "environment": ", ".join(function["environment"]),
            "caps": "\n".join(_caps(function["caps"])),
            "instances": function["instances"],
            "digest": function["digest"],
        }
    )
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    if not arguments.yes and not sys.stdin.isatty():
        raise UsageError("deleting can't be undone and there is no terminal to ask on: add --yes")
    name, number = version_of(arguments.name)
    with client_of(arguments) as client:
        if not arguments.yes:
            preview = client.deletion(name) if number is None else client.version(name, number)
            if input(f"{deletion_words(preview)} [y/N] ").strip().lower() not in {"y", "yes"}:
                note("Nothing was deleted.")
                return 1
        deleted = client.delete(name) if number is None else client.delete_version(name, number)
    if arguments.json:
        print_json(deleted)
    else:
        print(deletion_words(deleted))
    return 0


def _origin(origin: dict[str, Any] | None) -> str:
    origin = origin or {}
    author = f"by {origin['author']}" if origin.get("author") else None
    return ", ".join(filter(None, [origin.get("notebook"), origin.get("cell"), author]))


def _parameters(schema: dict[str, Any] | None) -> str:
    if not schema:
        return ""
    required = set(schema.get("required", ()))
    lines = []
    for name, property_ in schema.get("properties", {}).items():
        kind = _kind(property_)
        default = "" if name in required else f" = {json.dumps(property_.get('default'))}"
        lines.append(f"{name}: {kind}{default}")
    return "\n".join(lines) or "none"


def _kind(schema: dict[str, Any]) -> str:
    """What a parameter takes, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    kind = (
        schema.get("format") or schema.get("type") or ("any" if "anyOf" not in schema else "one of several")
    )
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _caps(caps: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in caps.items():
        if name.endswith("_seconds"):
            name, value = name.removesuffix("_seconds"), format_duration(value)
        elif name.endswith("_bytes"):
            name, value = name.removesuffix("_bytes"), format_size(value)
        lines.append(f"{name.replace('_', ' ')} {value}")
    return lines
