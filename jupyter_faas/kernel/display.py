"""Showing a panel while it changes: one output that is updated in a notebook, lines in a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import DisplayHandle

from jupyter_faas.kernel.panel import Panel, Step, step_text
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.media import PUBLICATION
from jupyter_faas.model.places import in_notebook

__all__ = ["Progress", "quiet", "screen_for"]

_REFRESH_SECONDS: Final = 0.1


class Screen(Protocol):
    """Where a panel is shown."""

    def show(self, panel: Panel, changed: Step | None) -> None:
        """Show the panel as it is now; ``changed`` is the step that made it differ, None at the end."""


class _Notebook:
    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None
        self._shown = 0.0

    def show(self, panel: Panel, changed: Step | None) -> None:
        now = time.monotonic()
        if changed is not None and changed.state == "progress" and now - self._shown < _REFRESH_SECONDS:
            return
        self._shown = now
        content: dict[str, Any] = {"text/html": panel.html(), "text/plain": panel.text()}
        if panel.answer is not None:
            content[PUBLICATION] = panel.answer
        if self._handle is None:
            self._handle = DisplayHandle()
            self._handle.display(content, raw=True)
        else:
            self._handle.update(content, raw=True)


class _Terminal:
    def __init__(self) -> None:
        self._receipt_shown = False

    def show(self, panel: Panel, changed: Step | None) -> None:
        if changed is not None and changed.state not in ("started", "progress"):
            print(step_text(changed), flush=True)  # noqa: T201  this is the display
        if panel.receipt is not None and not self._receipt_shown:
            self._receipt_shown = True
            print(panel.receipt.text(), flush=True)  # noqa: T201
        if changed is None:
            print("\n".join(panel.closing_lines()), flush=True)  # noqa: T201


def screen_for(shell: InteractiveShell) -> Screen:
    """The screen that suits ``shell``: a kernel's front end, or a terminal."""
    return _Notebook() if hasattr(shell, "kernel") else _Terminal()


class Progress:
    """A publish on its way: changes the panel and shows it."""

    def __init__(self, screen: Screen) -> None:
        self.panel = Panel()
        self._screen = screen

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step of our own, timed; an error inside marks it failed."""
        step = self.panel.steps[name] = Step(name)
        self._screen.show(self.panel, step)
        try:
            yield step
        except BaseException:
            step.fail()
            raise
        else:
            step.state, step.seconds = "done", time.monotonic() - step.begun
        finally:
            self._screen.show(self.panel, step)

    def event(self, name: str, data: dict[str, Any]) -> None:
        """An event of the gateway's build."""
        if name == "step":
            step = self._step_of(data)
            self._screen.show(self.panel, step)
        elif name == "failed":
            self._fail_running_step()

    def finish(self) -> None:
        """Show the panel for the last time."""
        self._screen.show(self.panel, None)

    def fail(self, error: FaasError) -> None:
        """Show the panel with ``error`` for the last time."""
        self.panel.error = error
        self.finish()

    def _step_of(self, data: dict[str, Any]) -> Step:
        step = self.panel.steps.setdefault(str(data["step"]), Step(str(data["step"])))
        step.state = str(data.get("state", "progress"))
        step.seconds = None if step.state == "started" else data.get("seconds")
        step.detail = str(data.get("detail") or "")
        return step

    def _fail_running_step(self) -> None:
        for step in self.panel.steps.values():
            if step.state in ("started", "progress"):
                step.fail()
                self._screen.show(self.panel, step)


def quiet(error: FaasError) -> FaasError:
    """``error`` with its sentence as its whole traceback, and that of the function below it: our own frames
    say nothing to an author, and who executes notebooks (nbclient, papermill) sees no panel, but stops with
    the traceback. Its advice is for a notebook.
    """
    error.detail = in_notebook(error.detail)
    error.args = (error.detail,)
    lines = [f"{type(error).__name__}: {error.detail}", *getattr(error, "__notes__", ())]
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error
