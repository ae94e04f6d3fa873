"""``%faas history``, ``invocation``, ``logs`` and ``errors``: what has happened."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jupyter_faas.client import GatewayClient
from jupyter_faas.kernel.tables import Table, fields_table, logs_table
from jupyter_faas.model.authoring import Context
from jupyter_faas.model.errors import NotFound
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["HISTORY_COMMANDS", "add_history_commands", "replay_here"]

CALL_FILTERS: Final = (
    "status",
    "code",
    "version",
    "since",
    "until",
    "min-duration",
    "max-duration",
)
LINE_FILTERS: Final = ("text", "level", "since", "until", "invocation")


def add_history_commands(commands: Any) -> None:
    """Add the parsers of these commands."""
    history = commands.add_parser("history")
    history.add_argument("name", nargs="?")
    history.add_argument("--limit", type=int, default=20)
    commands.add_parser("invocation").add_argument("id")
    commands.add_parser("errors").add_argument("name")
    logs = commands.add_parser("logs")
    logs.add_argument("name")
    logs.add_argument("--limit", type=int)
    logs.add_argument("-f", "--follow", action="store_true")
    for parser, filters in ((history, CALL_FILTERS), (logs, LINE_FILTERS)):
        for name in filters:
            parser.add_argument(f"--{name}", default="")
    replay = commands.add_parser("replay")
    replay.add_argument("id")
    replay.add_argument("pairs", nargs="*")
    replay.add_argument("--version")


def _filters(options: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    fields = [name.replace("-", "_") for name in names]
    return {field: value for field in fields if (value := getattr(options, field))}


def _history(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    calls = gateway.invocations(options.name, options.limit, **_filters(options, CALL_FILTERS))
    columns = ("started", "function", "status", "code", "ran", "memory", "start", "caller", "invocation")
    return Table(columns, tuple(_call(call) for call in calls), "No such call was found.")


def _call(call: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        call["started"],
        f"{call['function']}@{call['version']}",
        str(call["status"]),
        call["code"] or "",
        format_duration(call["run_ms"] / 1000),
        format_size(call["peak_bytes"]),
        call["start"] or "",
        call["caller"] or "",
        call["id"],
    )


def _invocation(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    call = gateway.invocation(options.id)
    wrote = "\n".join(f"{entry['stream']}: {entry['text']}" for entry in call.pop("logs"))
    problem = call.pop("problem") or {}
    fields = {**call, "error": problem.get("detail"), "wrote": wrote}
    return fields_table({name: value for name, value in fields.items() if value not in (None, "")})


def _errors(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    columns = ("count", "error", "message", "place", "versions", "first", "last", "invocation")
    rows = tuple(_group(group) for group in gateway.errors(options.name))
    return Table(columns, rows, f"{options.name} has had no errors.")


def _group(group: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(group["count"]),
        group["exception"] or group["code"],
        " ".join(group["message"].split())[:200],
        f"{group['cell']}, line {group['line']}" if group["cell"] else "",
        ", ".join(map(str, group["versions"])),
        group["first"],
        group["last"],
        group["invocation"],
    )


def _logs(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    filters = _filters(options, LINE_FILTERS)
    if not options.follow:
        return logs_table(gateway.logs(options.name, options.limit or 100, **filters))
    try:
        for name, data in gateway.follow_logs(options.name, options.limit or 10, **filters):
            print(_line(name, data), flush=True)  # noqa: T201 - shown as it comes
    except KeyboardInterrupt:
        return None  # that is how following ends
    return None


def _line(name: str, data: Mapping[str, Any]) -> str:
    if name == "missed":
        return f"… {data['lines']} lines were missed: they came faster than they were read."
    return f"{data['time']}  {data['stream']:<8}  {data['text']}"


def replay_here(
    gateway: GatewayClient, invocation: str, changes: Mapping[str, Any], namespace: Mapping[str, Any]
) -> Any:
    """Run a recorded call with the function that is in this kernel; raises what that raises.

    Raises ``NotFound`` if it isn't there.
    """
    recorded = gateway.recorded(invocation)
    description = gateway.function(recorded.function)
    entry = str(description["entry"])
    function = namespace.get(entry)
    if not callable(function):
        raise NotFound(
            f"There is no function {entry} in this kernel. Run the cell that defines it, or run the call at "
            f"the gateway: %faas replay {invocation} --version {recorded.version}"
        )
    values = recorded.values(changes, description["input_schema"], gateway.url)
    positional: list[Any] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.annotation is Context:
            values[parameter.name] = Context(invocation)
        elif parameter.name in values and parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(values.pop(parameter.name))
        elif parameter.name in values and parameter.kind is parameter.VAR_POSITIONAL:
            positional += values.pop(parameter.name)
    return function(*positional, **values)


HISTORY_COMMANDS: Final = {
    "history": _history,
    "invocation": _invocation,
    "errors": _errors,
    "logs": _logs,
}
"""What carries each of these commands out."""
