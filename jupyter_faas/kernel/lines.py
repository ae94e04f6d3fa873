"""The lines to copy that call a function which has gone live."""

from __future__ import annotations

import inspect
import json
import shlex
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.client.signatures import signature_of

__all__ = ["FILE", "Call"]

FILE: Final = "FILE"
"""Stands for the path of a file of the caller's."""
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Call:
    """How to call a function that is live. No token stands in what is shown: the notebook is saved.

    ``arguments`` are examples; those named in ``files`` are taken from files instead. ``signature`` is the
    function's, as Python writes it.
    """

    url: str
    name: str
    arguments: dict[str, Any]
    public: bool = False
    gateway: str | None = None
    files: frozenset[str] = frozenset()
    signature: str = ""

    @property
    def curl(self) -> str:
        """A line for a shell."""
        token = "" if self.public else ' -H "Authorization: Bearer $(jupyter faas token)"'
        return f"curl -X POST {shlex.quote(self.url)}{token} {self._curl_arguments()}"

    @property
    def python(self) -> str:
        """A line for Python."""
        connect = f"connect({self.gateway!r})" if self.gateway else "connect()"
        path = "from pathlib import Path; " if self.files else ""
        start = f"{path}from jupyter_faas import connect; {connect}"
        if not self._takes_names():
            return f"{start}.invoke({self.name!r}, {self.arguments!r})"
        given = ", ".join(f"{name}={self._python_value(name)}" for name in self.arguments)
        return f"{start}[{self.name!r}]({given})"

    def _curl_arguments(self) -> str:
        if not self.files:
            return f"-d {shlex.quote(json.dumps(self.arguments))}"
        return " ".join(f"-F {shlex.quote(self._field(name))}" for name in self.arguments)

    def _field(self, name: str) -> str:
        if name in self.files:
            return f"{name}=@{FILE}"
        value = self.arguments[name]
        return f"{name}={value if isinstance(value, str) else f'{json.dumps(value)};type=application/json'}"

    def _python_value(self, name: str) -> str:
        return f"Path({FILE!r})" if name in self.files else repr(self.arguments[name])

    def _takes_names(self) -> bool:
        """Whether each argument can be given by its name: not those before a ``/``, nor ``*args``."""
        known = signature_of(self.signature).parameters
        return all(name in known and known[name].kind in _NAMED for name in self.arguments)
