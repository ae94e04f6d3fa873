"""Commands about published functions: list, show, invoke, logs, delete."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, print_facts, print_json, print_table
from jupyter_faas.client.answers import result_of
from jupyter_faas.client.wording import deletion_words, version_of
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["add_commands"]

JSON_IF_POSSIBLE: Final = "application/json, */*;q=0.1"


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    add_command(commands, "list", _list, "list the published functions")
    show = add_command(commands, "show", _show, "show one function")
    show.add_argument("name", metavar="NAME")
    invoke = add_command(
        commands,
        "invoke",
        _invoke,
        "call a function and print its result",
        description=(
            "Each value is read as JSON where it is JSON, else as a string:\n"
            "  jupyter faas invoke greet name=Ada times=2\n"
            "  jupyter faas invoke summarize --data '{\"values\": [1, 2, 3]}'\n"
            "  jupyter faas invoke summarize --data @input.json\n"
            "  echo '{}' | jupyter faas invoke summarize --data -\n"
            "  jupyter faas invoke plot --accept image/svg+xml > plot.svg"
        ),
    )
    invoke.add_argument("name", metavar="NAME[@VERSION]")
    invoke.add_argument("pairs", metavar="KEY=VALUE", nargs="*", help="an argument of the function")
    invoke.add_argument(
        "--data", metavar="JSON", help="all arguments, as a JSON object, @FILE, or - for stdin"
    )
    invoke.add_argument(
        "--accept",
        metavar="TYPE",
        default=JSON_IF_POSSIBLE,
        help="the form of the result: text/csv, image/png, …; what isn't JSON is written as it is",
    )
    logs = add_command(commands, "logs", _logs, "show what a function wrote")
    logs.add_argument("name", metavar="NAME")
    logs.add_argument("--limit", type=int, default=100, metavar="LINES", help="the last LINES lines (100)")
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


def _invoke(arguments: argparse.Namespace) -> int:
    inputs = _inputs(arguments.data, arguments.pairs)
    with client_of(arguments) as client:
        answer = client.answer(arguments.name, inputs, arguments.accept)
        result = result_of(answer, client.connection.url)
    if not answer.is_json and isinstance(result, str | bytes):
        sys.stdout.buffer.write(answer.body)
    elif arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_json(result)
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        lines = client.logs(arguments.name, arguments.limit)
    if arguments.json:
        print_json({"logs": lines})
        return 0
    for line in lines:
        print(f"{line['time']}  {line['stream']:<8}  {line['text']}")
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


def _inputs(data: str | None, pairs: list[str]) -> dict[str, Any]:
    if data is not None and pairs:
        raise UsageError("give the arguments with --data or as KEY=VALUE, not both")
    if data is None:
        return dict(_pair(pair) for pair in pairs)
    try:
        inputs = json.loads(_read_data(data))
    except ValueError as error:
        raise UsageError(f"--data is not JSON: {error}") from error
    if not isinstance(inputs, dict):
        raise UsageError('--data must be a JSON object of named arguments, like {"values": [1, 2]}')
    return inputs


def _pair(pair: str) -> tuple[str, Any]:
    name, separator, value = pair.partition("=")
    if not separator or not name:
        raise UsageError(f"{pair!r} is not KEY=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _read_data(data: str) -> str:
    if data == "-":
        return sys.stdin.read()
    if data.startswith("@"):
        try:
            return Path(data[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--data: {data[1:]} can't be read: {error.strerror}") from error
    return data


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
