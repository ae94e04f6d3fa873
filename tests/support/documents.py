"""The fenced blocks of a Markdown text, and shells that run those for a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.gateway import Gateway

__all__ = ["Block", "blocks_of", "shell"]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language (empty if it has none) and its text."""

    language: str
    text: str


def blocks_of(markdown: str) -> list[Block]:
    """The fenced blocks in their order."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.DOTALL | re.MULTILINE)
    return [Block(language, text) for language, text in fences]


def shell(gateway: Gateway, command: str, folder: Path, **variables: str) -> str:
    """What ``command`` writes, run by bash in ``folder`` as by a user whose gateway is ``gateway``."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.replace("curl ", "curl -sS ")],
        env={**gateway.environment, "PATH": path, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
