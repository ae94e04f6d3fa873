"""When each cell ran, and as which cell of the notebook: the history has only the texts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Run", "Runs", "record_runs", "runs_of"]

_ATTRIBUTE = "_faas_runs"


@dataclass(frozen=True)
class Run:
    """An execution: when it began (seconds since the epoch), and the front end's id of the cell, if it has
    one (nbformat 4.5)."""

    began: float
    cell_id: str | None = None


class Runs:
    """The executions of a kernel by their number, since the extension was loaded."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._before = Run(time.time())
        self._runs: dict[int, Run] = {}

    def of(self, number: int) -> Run:
        """The execution ``In[number]``; those before the extension was loaded count as at that moment."""
        return self._runs.get(number, self._before)

    def begin(self, info: Any) -> None:
        """IPython's event ``pre_run_cell``."""
        manager = self._shell.history_manager
        if info.store_history and manager is not None:
            cell_id = getattr(info, "cell_id", None)
            # The history has the cell next. IPython's count is that of the next cell already, or not yet: it
            # depends on the version.
            self._runs[len(manager.input_hist_raw)] = Run(time.time(), cell_id)


def record_runs(shell: InteractiveShell) -> None:
    """Begin to record, unless that has begun already."""
    if runs_of(shell) is None:
        runs = Runs(shell)
        setattr(shell, _ATTRIBUTE, runs)
        shell.events.register("pre_run_cell", runs.begin)


def runs_of(shell: InteractiveShell) -> Runs | None:
    """What was recorded in ``shell``; None if the extension isn't loaded there."""
    found: Runs | None = getattr(shell, _ATTRIBUTE, None)
    return found
