"""An error's advice in the words of the place where it is read: a notebook has ``%faas list``, a shell
``jupyter faas list``.

Whoever writes a sentence doesn't know where it will be read: it names commands as a shell has them, and
options of a cell as a notebook has them.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_notebook", "in_shell"]

_COMMAND: Final = re.compile(
    r"\bjupyter faas "
    r"(list|show|invoke|logs|delete|history|caps|errors|invocation|replay|versions|diff|alias|rollback|prune)\b"
)
_HELP: Final = "%%publish? lists the options"


def in_notebook(text: str) -> str:
    """``text`` for somebody in a notebook."""
    return _COMMAND.sub(r"%faas \1", text).replace("jupyter faas status", "%faas gateway")


def in_shell(text: str) -> str:
    """``text`` for somebody in a shell."""
    return text.replace(_HELP, "`jupyter faas publish --help` lists the options")
