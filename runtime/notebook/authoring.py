"""What a notebook's Python kernel offers in the image: ``glue``, and the magics of the author's kernel that
have done their work when a version is made.
"""

from __future__ import annotations

import json
import re

from .. import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

SCRAP = "application/scrapbook.scrap.json+json"
MAX_BYTES = 10**9  # the result's own cap is checked where all of it is known
INSTALLS = re.compile(r"\s*(?:\S*python\S*\s+-m\s+)?(?:pip3?|conda|mamba|uv\s+pip)\s+install\b")
INSTALLED = "Already in the image: what is installed by a cell became a requirement of the function."


def arrange(shell: Any, module: ModuleType) -> None:
    """Give ``shell`` its magics, and the module ``jupyter_faas`` what notebooks use of it."""

    def glue(name: str, value: Any) -> None:
        """Put ``value`` into the call's JSON result, under ``name``."""
        plain = json.loads(codec.encode(value, MAX_BYTES)[1])
        scrap = {"name": str(name), "data": plain, "encoder": "json", "version": 1}
        publish = shell.display_pub.publish
        publish({SCRAP: scrap}, {"scrapbook": {"name": str(name), "data": True, "display": False}})

    def last_value(count: int) -> str:
        """The value that the cell ``count`` ended with as JSON; empty if it has no such form."""
        try:
            return codec.encode(shell.user_ns["Out"].get(count), MAX_BYTES)[1].decode()
        except codec.Unencodable:
            return ""

    def installed(line: str) -> None:  # noqa: ARG001 - what every line magic takes
        print(INSTALLED)  # noqa: T201 - into the notebook

    def ignored(line: str) -> None:
        """Nothing: the author's kernel has done it."""

    def run_body(line: str, cell: str) -> None:  # noqa: ARG001 - what every cell magic takes
        result = shell.run_cell(cell, store_history=False)
        result.raise_error()

    system = shell.system

    def run_command(command: str) -> Any:
        return print(INSTALLED) if INSTALLS.match(command) else system(command)  # noqa: T201

    def load(shell: Any) -> None:
        """Nothing: the magics are there."""

    glue.__module__ = module.__name__
    module.glue = glue  # type: ignore[attr-defined]
    module.load_ipython_extension = load  # type: ignore[attr-defined]
    shell.faas_last_value = last_value
    shell.system = run_command
    for name in ("pip", "conda", "mamba", "micromamba", "uv"):
        shell.register_magic_function(installed, "line", name)
    shell.register_magic_function(ignored, "line", "faas")
    shell.register_magic_function(run_body, "cell", "publish")
