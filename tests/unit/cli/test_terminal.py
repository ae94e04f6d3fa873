"""What a person at a terminal sees: questions and colours."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.unit.client.gateway_double import GatewayDouble


def in_terminal(environment: dict[str, str], *arguments: str, typed: str = "") -> tuple[int, str]:
    """The exit status and everything on the screen of a command that runs in a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jupyter_faas.cli", *arguments]
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        screen = b""
        with suppress(OSError):  # Linux's way to say that the other side is closed
            while piece := os.read(ours, 65536):
                screen += piece
    os.close(ours)
    return process.returncode, screen.decode()


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 1, 1), ("", 1, 1), ("y", 0, 0), ("Yes", 0, 0)])
def test_delete_asks(
    double: GatewayDouble, environment: dict[str, str], answer: str, status: int, left: int
) -> None:
    double.add_function("area", version=3)
    done, screen = in_terminal(environment, "delete", "area", typed=f"{answer}\n")
    assert done == status
    assert "Delete area with all its versions (3)? [y/N]" in screen
    assert len(double.functions) == left


def test_errors_are_red_for_those_who_like_colours(
    double: GatewayDouble, environment: dict[str, str]
) -> None:
    double.add_function("fail")
    environment = {**environment, "TERM": "xterm", "NO_COLOR": ""}
    assert "\x1b[31mThe function raised an exception." in in_terminal(environment, "invoke", "fail")[1]
    assert "\x1b" not in in_terminal({**environment, "NO_COLOR": "1"}, "invoke", "fail")[1]
    assert "\x1b" not in in_terminal({**environment, "TERM": "dumb"}, "invoke", "fail")[1]
