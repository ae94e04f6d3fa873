"""What the handler of a whole notebook makes: a function whose call is a run of the notebook."""

from __future__ import annotations

import os
from importlib import import_module

from ..loading import read_manifest
from . import kernels, specs
from .forms import Forms
from .run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HIDE_INPUT = "hide_input"


class Notebook:
    """The function; ``annotations`` are the types of its parameters, as a function written with ``def`` has
    them.

    The runtime asks ``prepare_worker`` for a kernel that is started before the first call, spares the
    ``kept_processes`` when it looks for what a call has left behind, and takes reports of how far a run
    has come.
    """

    early: Sequence[str] = ()
    """Modules that a Python kernel imports before it takes its call."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self.__annotations__ = annotations
        self._manifest = read_manifest(ROOT)
        described = self._manifest["notebook"]
        specs.set_folders(ROOT)
        with open(f"{ROOT}/function/{described['file']}", encoding="utf-8") as file:
            self._source = file.read()
        self._forms = Forms(self._manifest["caps"]["result_bytes"], _title(self._manifest))
        self._forms.prepare()
        if len(annotations) > 1:
            import_module(f"{__package__}.parameters")  # so that no call has to wait for it
        self._kernels: kernels.Kernels | None = None
        self._report: Callable[..., None] = _untold

    def prepare_worker(self, report: Callable[..., None]) -> None:
        """Start a kernel and wait for it; raises ``CallFailed`` if there is none for the notebook."""
        self._report = report
        self._started().prepare()

    @property
    def kept_processes(self) -> frozenset[int]:
        """The kernel that waits for the next call."""
        return self._kernels.spare_processes if self._kernels is not None else frozenset()

    def __call__(self, **given: Any) -> Run:
        """One call; the notebook runs when it is known in which form the result is wanted."""
        hide_input = bool(given.pop(HIDE_INPUT, False))
        return Run(
            self._source, self._manifest, given, hide_input, self._started(), self._forms, self._report
        )

    def prove(self, given: dict[str, Any]) -> None:
        """Run the notebook once, before its version goes live; raises ``CallFailed`` where it fails."""
        self(**given).made("application/json")

    def _started(self) -> kernels.Kernels:
        if self._kernels is None:
            spec = specs.spec_for(self._manifest["notebook"], ROOT, self.early)
            self._kernels = kernels.Kernels(spec, ROOT, self._manifest["files"])
        return self._kernels


def _title(manifest: dict[str, Any]) -> str:
    """What a page is called: the notebook's first line of text, else its file."""
    first: str = manifest["doc"].partition("\n")[0].strip()
    return first or os.path.splitext(manifest["origin"].get("notebook") or manifest["name"])[0]


def _untold(header: dict[str, Any], body: bytes = b"") -> None:
    """Where nobody takes reports."""
