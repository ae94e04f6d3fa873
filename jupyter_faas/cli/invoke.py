"""``jupyter faas invoke``: a function called with its parameters as options."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, print_result
from jupyter_faas.cli.values import all_arguments, argument, kind_of, pair_of
from jupyter_faas.client import GatewayClient
from jupyter_faas.client.answers import result_of
from jupyter_faas.client.requests import body_of
from jupyter_faas.model.errors import Unauthenticated
from jupyter_faas.model.media import ARROW, CSV, HTML, IPYNB, JSON, NDJSON, NPY, PARQUET
from jupyter_faas.model.units import format_size

__all__ = ["add_commands", "function_parser"]

JSON_IF_POSSIBLE: Final = "application/json, */*;q=0.1"
FORMS: Final = {
    ".arrow": ARROW,
    ".arrows": ARROW,
    ".csv": CSV,
    ".html": HTML,
    ".ipynb": IPYNB,
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": JSON,
    ".ndjson": NDJSON,
    ".npy": NPY,
    ".parquet": PARQUET,
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webp": "image/webp",
}
ABOUT: Final = """\
The parameters are options; `jupyter faas invoke NAME --help` lists them. Each value is read as JSON where it
is JSON, else as a text; @FILE and - (the standard input) are a file's content:
  jupyter faas invoke summarize --values '[1, 2, 3]' --q 0.9
  jupyter faas invoke summarize values='[1, 2, 3]' q=0.9
  jupyter faas invoke quantiles --table @sales.csv --output quantiles.csv
  jupyter faas invoke summarize --data @input.json
  echo '{"values": [1]}' | jupyter faas invoke summarize --data -"""
GENERIC: Final[dict[str, Any]] = {"additionalProperties": True}
"""What is known of a function whose description the caller may not see: any name may be given."""


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    invoke = add_command(
        commands, "invoke", _invoke, "call a function and print its result", description=ABOUT
    )
    _add_options(invoke)
    invoke.add_argument("name", metavar="NAME[@VERSION]")
    invoke.add_argument(
        "words",
        metavar="--PARAMETER VALUE",
        nargs=argparse.REMAINDER,
        help="arguments of the function; KEY=VALUE is the same",
    )


class TakesOptions(Protocol):
    """A parser, or a group of its options."""

    def add_argument(self, *names: str, metavar: str, help: str) -> argparse.Action:  # noqa: A002 - its word
        """See argparse."""


def _add_options(parser: TakesOptions, suppressed: Sequence[str] = ()) -> None:
    """The command's own options, less those that a parameter of the function has the name of."""
    options = {
        "--data": ("JSON", "all arguments: a JSON object, @FILE, or - for stdin"),
        "--accept": (
            "TYPE",
            "the form of the result: text/csv, image/png, …; what isn't JSON is written as it is",
        ),
        "--output": ("FILE", "write the result to a file, in the form that its name says"),
    }
    for name, (metavar, text) in options.items():
        if name not in suppressed:
            parser.add_argument(name, metavar=metavar, help=text)


def function_parser(name: str, function: Mapping[str, Any]) -> argparse.ArgumentParser:
    """The options of ``invoke NAME``: a function's parameters, and the command's own."""
    schema = function.get("input_schema") or {}
    properties: Mapping[str, Any] = schema.get("properties", {})
    parser = argparse.ArgumentParser(
        prog=f"jupyter faas invoke {name}",
        description=str(function.get("doc") or ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("pairs", metavar="KEY=VALUE", nargs="*", help="a parameter, written otherwise")
    group = parser.add_argument_group("parameters")
    required = schema.get("required", ())
    for each, about in properties.items():
        kind = kind_of(about, schema)
        text = str(about.get("description", "")) if isinstance(about, dict) else ""
        default = f"default {json.dumps(about['default'])}" if "default" in about else ""
        said = "; ".join(part for part in (text.rstrip("."), kind, default) if part)
        if each in required:
            said += "; required"
        settings: dict[str, Any] = {"action": "append", "dest": f"parameter {each}", "metavar": each.upper()}
        if kind == "boolean":
            settings |= {"nargs": "?", "const": "true"}
        group.add_argument(f"--{each}", help=said.replace("%", "%%"), **settings)
    options = parser.add_argument_group("options of the command")
    taken = [f"--{each}" for each in properties]
    _add_options(options, taken)
    if "--json" not in taken:
        options.add_argument("--json", action="store_true", help="print JSON, in one line")
    if "--gateway" not in taken:
        options.add_argument("--gateway", metavar="URL", help="the gateway")
    return parser


def _invoke(arguments: argparse.Namespace) -> int:
    data = _look_ahead(arguments)
    with client_of(arguments) as client:
        function = _described(client, arguments.name)
        options, inputs = _parsed(arguments, function, data)
        accept = _accept(options)
        if _streams(function) and accept == JSON_IF_POSSIBLE and not options["output"]:
            for item in client.items(arguments.name, body_of(inputs, function)):
                print(json.dumps(item, ensure_ascii=False), flush=True)
            return 0
        answer = client.send(arguments.name, body_of(inputs, function), accept)
        result = result_of(answer, client.connection.url)
    if options["output"]:
        _write(Path(options["output"]), answer.body, answer.essence)
    elif not answer.is_json and isinstance(result, str | bytes):
        sys.stdout.buffer.write(answer.body)
    elif options["json"]:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_result(result)
    return 0


def _look_ahead(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """What the words after the name say whichever parameters there are: the gateway, and the arguments of
    ``--data``, if that is there. Raises ``UsageError``."""
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument("--gateway", default=arguments.gateway)
    finder.add_argument("--data", default=arguments.data)
    finder.add_argument("--json", action="store_true", default=arguments.json)
    finder.add_argument("--accept")
    finder.add_argument("--output")
    words = [word for word in arguments.words if word not in ("-h", "--help")]
    found, rest = finder.parse_known_args(words)
    arguments.gateway, arguments.json = found.gateway, found.json
    for before, word in pairwise(["", *rest]):
        if not word.startswith("-") and not before.startswith("--"):
            pair_of(word)
    if found.data is None:
        return None
    if rest:
        raise UsageError("give the arguments with --data or by name, not both")
    return all_arguments(found.data)


def _described(client: GatewayClient, name: str) -> Mapping[str, Any]:
    try:
        return client.function(name)
    except Unauthenticated:  # it may be public all the same
        return {"input_schema": GENERIC}


def _parsed(
    arguments: argparse.Namespace, function: Mapping[str, Any], data: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The command's options and the function's arguments, all of them if ``data`` has them; raises
    ``UsageError``."""
    parser = function_parser(arguments.name, function)
    schema = function.get("input_schema") or {}
    properties = schema.get("properties", {})
    others = _others(parser, arguments.words, schema)
    found = parser.parse_intermixed_args(arguments.words)
    options = {
        name: getattr(found, name, None) or getattr(arguments, name, None)
        for name in ("accept", "output", "json")
    }
    texts: dict[str, list[str]] = {}
    for name, value in map(pair_of, found.pairs):
        texts.setdefault(name, []).append(value)
    for name in [*properties, *others]:
        texts.setdefault(name, []).extend(getattr(found, f"parameter {name}") or [])
    inputs = {
        name: argument(name, values, properties.get(name, {}), schema)
        for name, values in texts.items()
        if values
    }
    if data is not None:
        return options, data
    missing = [name for name in schema.get("required", ()) if name not in inputs]
    if missing and properties:
        named = ", ".join(f"--{name} ({kind_of(properties.get(name, {}), schema)})" for name in missing)
        raise UsageError(
            f"{arguments.name} needs {named}. `jupyter faas invoke {arguments.name} --help` explains them."
        )
    return options, inputs


def _others(parser: argparse.ArgumentParser, words: Sequence[str], schema: Mapping[str, Any]) -> list[str]:
    """Add the options that are no parameters, for a function that takes any; else raise ``UsageError``."""
    found: list[str] = []
    for word in words:
        option = word.partition("=")[0]
        if not option.startswith("--") or option in parser._option_string_actions or option == "--":
            continue
        if not schema.get("additionalProperties", True):
            close = difflib.get_close_matches(option[2:], schema.get("properties", {}), 1)
            hint = f"; did you mean --{close[0]}?" if close else ""
            raise UsageError(f"there is no parameter {option}{hint}")
        parser.add_argument(option, action="append", dest=f"parameter {option[2:]}")
        found.append(option[2:])
    return found


def _accept(options: Mapping[str, Any]) -> str:
    if options["accept"]:
        return str(options["accept"])
    suffix = Path(options["output"] or "").suffix.lower()
    return f"{FORMS[suffix]}, */*;q=0.1" if suffix in FORMS else JSON_IF_POSSIBLE


def _streams(function: Mapping[str, Any]) -> bool:
    forms = (function.get("output_schema") or {}).get("x-faas-media", ())
    return next(iter(forms), "") == NDJSON


def _write(path: Path, content: bytes, form: str) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"--output {path} can't be written: {error.strerror}") from error
    note(f"Wrote {path} ({format_size(len(content))}, {form}).")
