"""Commands about the gateway itself: serve, status, stop, token, env, doctor."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from typing import Any, Final

from jupyter_faas.cli.arguments import Commands, add_command, client_of
from jupyter_faas.cli.output import note, paint, print_facts, print_json
from jupyter_faas.client.connection import (
    Connection,
    ensure_gateway,
    is_alive,
    known_connection,
    process_exists,
    read_connection,
)
from jupyter_faas.client.start import gateway_command
from jupyter_faas.model.errors import GatewayUnavailable, InternalError

__all__ = ["add_commands"]

POLL_SECONDS: Final = 0.05


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    serve = add_command(
        commands,
        "serve",
        _serve,
        "run the gateway",
        json=False,
        description="All other options go to the gateway; see them with --help-all.",
    )
    serve.add_argument(
        "--background", action="store_true", help="return once it is up; one that runs is kept"
    )
    serve.set_defaults(takes_rest=True)
    add_command(commands, "status", _status, "show the gateway and its container engine")
    stop = add_command(commands, "stop", _stop, "let the gateway finish its calls and end", json=False)
    stop.add_argument(
        "--timeout", type=float, default=60, metavar="SECONDS", help="how long to wait for its end (60)"
    )
    add_command(commands, "token", _token, "print the gateway's token, for scripts", json=False)
    add_command(
        commands,
        "env",
        _env,
        "print the gateway's address and token as a shell's variables",
        json=False,
        description='Sets FAAS_GATEWAY and FAAS_TOKEN in a shell:\n  eval "$(jupyter faas env)"',
    )
    add_command(commands, "doctor", _doctor, "say what works on this machine and how to mend what doesn't")


def _serve(arguments: argparse.Namespace) -> int:
    if not arguments.background:
        command = gateway_command(*arguments.rest)
        os.execv(command[0], command)  # noqa: S606 - becomes the gateway, so that signals reach it
    print(f"The gateway runs at {ensure_gateway(note, arguments.rest).url}.")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        status = client.gateway()
    if arguments.json:
        print_json(status)
        return 0
    problem = status.get("engine_problem") or {}
    print_facts(
        {
            "gateway": status["url"],
            "version": status["version"],
            "process": status["pid"],
            "started": status["started"],
            "data": status["data_dir"],
            "engine": _engine(status.get("engine")),
            "trouble": paint(problem.get("detail", ""), "yellow", sys.stdout),
            "functions": status["functions"],
            "instances": status["instances"],
        }
    )
    return 0


def _engine(engine: dict[str, Any] | None) -> str:
    if engine is None:
        return "none"
    isolation = "" if engine["isolates"] else "; does not isolate functions from this machine"
    return f"{engine['name']} {engine['version']} ({engine['platform']}{isolation})"


def _stop(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        connection, pid = client.connection, client.gateway()["pid"]
        client.shutdown()
    note("The gateway finishes its calls …")
    if not _gone(connection, pid if _is_here(connection, pid) else None, arguments.timeout):
        raise GatewayUnavailable(
            f"The gateway at {connection.url} (process {pid}) still runs after {arguments.timeout:g} s: "
            f"a call may be taking its time. Wait for longer with --timeout, or end it with `kill -9 {pid}`."
        )
    print("The gateway has ended.")
    return 0


def _is_here(connection: Connection, pid: int) -> bool:
    """Whether the gateway is the one of the connection file, so that its process can be watched."""
    info = read_connection()
    return info is not None and info.pid == pid and Connection.from_url(info.url) == connection


def _gone(connection: Connection, pid: int | None, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while is_alive(connection) or (pid is not None and process_exists(pid)):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _token(arguments: argparse.Namespace) -> int:
    print(_known(arguments).token)
    return 0


def _env(arguments: argparse.Namespace) -> int:
    connection = _known(arguments)
    print(f"export FAAS_GATEWAY={shlex.quote(connection.url)}")
    print(f"export FAAS_TOKEN={shlex.quote(connection.token)}")
    return 0


def _known(arguments: argparse.Namespace) -> Connection:
    """The gateway that the arguments, the environment or the connection file name, and its token."""
    connection = Connection.from_url(arguments.gateway) if arguments.gateway else known_connection()
    if connection is None or not connection.token:
        where = f" for {connection.url}" if connection else ""
        raise GatewayUnavailable(
            f"No token is known{where}. Start a gateway with `jupyter faas serve`, or set FAAS_TOKEN."
        )
    return connection


def _doctor(arguments: argparse.Namespace) -> int:
    command = gateway_command("--json", module="jupyter_faas.gateway.doctor")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if arguments.json:
        print(done.stdout, end="")
        return done.returncode
    try:
        checks = json.loads(done.stdout)["checks"]
    except (ValueError, KeyError, TypeError) as error:
        raise InternalError(
            f"The doctor ended with status {done.returncode} and without a finding. What it wrote is above; "
            "reinstall jupyter-faas if a module is missing."
        ) from error
    for check in checks:
        _print_check(check)
    return done.returncode


def _print_check(check: dict[str, Any]) -> None:
    mark = (
        paint("ok       ", "green", sys.stdout) if check["ok"] else paint("attention", "yellow", sys.stdout)
    )
    print(f"{mark}  {check['name']}: {check['detail']}")
    if check.get("advice"):
        print(f"{' ' * 11}→ {check['advice']}")
