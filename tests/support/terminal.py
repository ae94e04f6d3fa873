"""The command line on a terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

__all__ = ["in_terminal"]


def in_terminal(environment: Mapping[str, str], *arguments: str, typed: str = "") -> tuple[int, str]:
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
