"""Commands about what has happened: history, invocation, logs, errors, replay."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, paint, print_facts, print_json, print_table
from jupyter_faas.cli.values import pair_of
from jupyter_faas.client.answers import result_of
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["add_commands"]

_CALL_FILTERS: Final = {
    "status": ("STATUS", "only calls with this status: 504, or a class such as 5xx"),
    "code": ("CODE", "only calls that ended with this error, such as timeout"),
    "version": ("N", "only calls of this version"),
    "since": ("WHEN", "only from then on: a time, or how long ago (15m, 2h, 7d)"),
    "until": ("WHEN", "only up to then"),
    "min-duration": ("TIME", "only calls that ran at least so long, such as 200ms"),
    "max-duration": ("TIME", "only calls that ran at most so long"),
}
_LINE_FILTERS: Final = {
    "text": ("TEXT", "only lines with this text, in upper or lower case"),
    "level": ("LEVEL", "only lines of this level of logging or a higher one, or of stdout, stderr or faas"),
    "since": ("WHEN", "only from then on: a time, or how long ago (15m, 2h, 7d)"),
    "until": ("WHEN", "only up to then"),
    "invocation": ("ID", "only what this call wrote"),
}


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    history = add_command(commands, "history", _history, "show the last calls of one function, or of all")
    history.add_argument("name", metavar="NAME", nargs="?")
    history.add_argument("--limit", type=int, default=20, metavar="N", help="the last N (20)")
    _add_filters(history, _CALL_FILTERS)
    invocation = add_command(commands, "invocation", _invocation, "show one call, with what it wrote")
    invocation.add_argument("id", metavar="ID")
    logs = add_command(commands, "logs", _logs, "show what a function wrote")
    logs.add_argument("name", metavar="NAME")
    logs.add_argument("--limit", type=int, metavar="LINES", help="the last LINES lines (100; 10 with -f)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with each new line")
    _add_filters(logs, _LINE_FILTERS)
    errors = add_command(
        commands, "errors", _errors, "show the errors of a function, grouped by kind and cell line"
    )
    errors.add_argument("name", metavar="NAME")
    replay = add_command(
        commands,
        "replay",
        _replay,
        "run a recorded call again",
        description="The function must have been published with --record. Arguments given here take the "
        "place of the recorded ones:\n  jupyter faas replay 4f1c… --version 7 password=secret",
    )
    replay.add_argument("id", metavar="ID")
    replay.add_argument(
        "pairs", metavar="KEY=VALUE", nargs="*", help="an argument in place of the recorded one"
    )
    replay.add_argument(
        "--version", metavar="N", help="the version, or an alias, that is called (the latest one)"
    )


def _add_filters(parser: argparse.ArgumentParser, filters: dict[str, tuple[str, str]]) -> None:
    for name, (metavar, text) in filters.items():
        parser.add_argument(f"--{name}", metavar=metavar, default="", help=text)


def _filters(arguments: argparse.Namespace, filters: dict[str, tuple[str, str]]) -> dict[str, str]:
    names = [name.replace("-", "_") for name in filters]
    return {name: value for name in names if (value := getattr(arguments, name))}


def _limit(limit: int) -> int:
    if limit < 1:
        raise UsageError(f"--limit {limit}: at least 1")
    return limit


def _history(arguments: argparse.Namespace) -> int:
    filters, limit = _filters(arguments, _CALL_FILTERS), _limit(arguments.limit)
    with client_of(arguments) as client:
        calls = client.invocations(arguments.name, limit, **filters)
    if arguments.json:
        print_json({"invocations": calls})
    elif not calls:
        note("No such call was found.")
    else:
        columns = ("STARTED", "FUNCTION", "STATUS", "CODE", "RAN", "MEMORY", "START", "CALLER", "INVOCATION")
        print_table(columns, (_row(call) for call in calls))
    return 0


def _row(call: dict[str, Any]) -> list[object]:
    return [
        call["started"],
        f"{call['function']}@{call['version']}",
        call["status"],
        call["code"] or "",
        format_duration(call["run_ms"] / 1000),
        format_size(call["peak_bytes"]),
        call["start"] or "",
        call["caller"] or "",
        call["id"],
    ]


def _invocation(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        call = client.invocation(arguments.id)
    if arguments.json:
        print_json(call)
        return 0
    problem = call["problem"] or {}
    print_facts(
        {
            "invocation": call["id"],
            "function": f"{call['function']} version {call['version']}",
            "called as": call["alias"],
            "caller": call["caller"],
            "status": f"{call['status']} {call['code'] or ''}".rstrip(),
            "error": problem.get("detail"),
            "started": call["started"],
            "waited": format_duration(call["queue_ms"] / 1000),
            "start": f"{call['start'] or 'none'}, {format_duration(call['start_ms'] / 1000)}",
            "ran": format_duration(call["run_ms"] / 1000),
            "CPU time": format_duration(call["cpu_ms"] / 1000),
            "peak memory": format_size(call["peak_bytes"]),
            "sizes": f"{format_size(call['request_bytes'])} in, {format_size(call['result_bytes'])} out",
        }
    )
    for line in call["logs"]:
        _print_line(line)
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    filters = _filters(arguments, _LINE_FILTERS)
    limit = arguments.limit if arguments.limit is not None else 10 if arguments.follow else 100
    with client_of(arguments) as client:
        if arguments.follow:
            for name, data in client.follow_logs(arguments.name, min(max(limit, 0), 1000), **filters):
                _print_event(name, data, as_json=arguments.json)
            note(f"{arguments.name} was deleted, or the gateway stops.")
            return 0
        lines = client.logs(arguments.name, _limit(limit), **filters)
    if arguments.json:
        print_json({"logs": lines})
        return 0
    for line in lines:
        _print_line(line)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    changes = dict(_change(pair) for pair in arguments.pairs)
    with client_of(arguments) as client:
        answer, same = client.replay(arguments.id, arguments.version, changes)
        result = result_of(answer, client.connection.url)
    if not answer.is_json and isinstance(result, str | bytes):
        sys.stdout.buffer.write(answer.body)
    else:
        print_json(result)
    if same is not None:
        note("The recorded call gave the same." if same else "The recorded call gave something else.")
    return 0


def _change(pair: str) -> tuple[str, Any]:
    """An argument that replaces a recorded one: JSON where it is JSON, else a text."""
    name, text = pair_of(pair)
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


def _print_event(name: str, data: dict[str, Any], *, as_json: bool) -> None:
    if name == "missed":
        note(f"… {data['lines']} lines were missed: they came faster than they were read.")
    elif as_json:
        print(json.dumps(data, ensure_ascii=False), flush=True)
    else:
        _print_line(line=data)
        sys.stdout.flush()


def _print_line(line: dict[str, Any]) -> None:
    colour = "red" if line["level"] in ("ERROR", "CRITICAL") else "yellow" if line["level"] else "bold"
    stream = f"{line['stream']:<8}"
    print(f"{line['time']}  {paint(stream, colour, sys.stdout)}  {line['text']}")


def _errors(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        groups = client.errors(arguments.name)
    if arguments.json:
        print_json({"errors": groups})
    elif not groups:
        note(f"{arguments.name} has had no errors.")
    else:
        print_table(
            ("COUNT", "ERROR", "PLACE", "VERSIONS", "FIRST", "LAST", "INVOCATION"), map(_group, groups)
        )
    return 0


def _group(group: dict[str, Any]) -> list[object]:
    place = f"{group['cell']}, line {group['line']}" if group["cell"] else ""
    kind = group["exception"] or group["code"]
    return [
        group["count"],
        f"{kind}: {_short(group['message'])}" if group["message"] else kind,
        place,
        ", ".join(map(str, group["versions"])),
        group["first"],
        group["last"],
        group["invocation"],
    ]


def _short(text: str, length: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
