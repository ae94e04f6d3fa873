"""What a publish shows: one state, rendered as HTML for a notebook and as text for a terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_faas.kernel.lines import Call
from jupyter_faas.kernel.markup import STYLE, escape
from jupyter_faas.kernel.receipt import Receipt
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.units import format_duration

__all__ = ["Panel", "Step"]

_MARKS: Final = {"started": "…", "progress": "…", "done": "✓", "reused": "✓", "failed": "✗"}
_CLASSES: Final = {"done": "faas-ok", "reused": "faas-ok", "failed": "faas-bad"}
_LOG_LINES: Final = 40


@dataclass
class Step:
    """One step of a publish; ``state`` as in the gateway's events, or ``failed``."""

    name: str
    state: str = "started"
    seconds: float | None = None
    detail: str = ""
    begun: float = field(default_factory=time.monotonic)

    def fail(self) -> None:
        """It is over; the gateway tells how long a step took only if it ends well."""
        self.state, self.seconds = "failed", time.monotonic() - self.begun

    def words(self) -> str:
        """How it went, and how long it took."""
        took = format_duration(self.seconds) if self.seconds is not None else ""
        reused = "reused" if self.state == "reused" else ""
        return ", ".join(part for part in (took, reused, self.detail) if part)


@dataclass
class Panel:
    """The state of one publish."""

    function: str = ""
    steps: dict[str, Step] = field(default_factory=dict)
    receipt: Receipt | None = None
    call: Call | None = None
    answer: dict[str, Any] | None = None
    """``{"state", "publication"}`` when the publish has ended well, for programs that read the notebook;
    without publication and with ``receipt`` after a dry run."""
    headline: str = ""
    caution: str = ""
    error: FaasError | None = None

    def html(self) -> str:
        """The panel for a notebook."""
        parts = [self._steps_html()]
        if self.headline:
            parts.append(f"<div><b>{escape(self.headline)}</b></div>")
        if self.caution:
            parts.append(f'<div class="faas-bad">{escape(self.caution)}</div>')
        if self.call is not None:
            url = escape(self.call.url)
            parts.append(f'<div><a href="{url}">{url}</a></div>')
            parts += [f"<pre>{escape(line)}</pre>" for line in (self.call.curl, self.call.python)]
        if self.receipt is not None:
            parts.append(self.receipt.html())
        if self.error is not None:
            parts.append(_error_html(self.error))
        return f'{STYLE}<div class="faas-panel">{"".join(parts)}</div>'

    def text(self) -> str:
        """The panel for a terminal, and for whoever doesn't show HTML."""
        lines = [step_text(step) for step in self.steps.values()]
        if self.receipt is not None:
            lines.append(self.receipt.text())
        lines += self.closing_lines()
        return "\n".join(lines)

    def closing_lines(self) -> list[str]:
        """How it ended, as text."""
        lines = [line for line in (self.headline, self.caution) if line]
        if self.call is not None:
            lines += [f"  {line}" for line in (self.call.url, self.call.curl, self.call.python)]
        if self.error is not None:
            lines += [self.error.title, *(f"  {line}" for line in self.error.detail.splitlines())]
            lines += [f"  | {line}" for line in _log_lines(self.error)]
        return lines

    def _steps_html(self) -> str:
        rows = "".join(
            f'<tr><td class="{_CLASSES.get(step.state, "faas-quiet")}">{_MARKS.get(step.state, "…")} '
            f'{escape(step.name)}</td><td class="faas-label">{escape(step.words())}</td></tr>'
            for step in self.steps.values()
        )
        return f"<table>{rows}</table>"


def step_text(step: Step) -> str:
    """A step as a line of text."""
    return f"{_MARKS.get(step.state, '…')} {step.name:<12}{step.words()}".rstrip()


def _error_html(error: FaasError) -> str:
    detail = escape(error.detail).replace("\n", "<br>")
    log = "\n".join(_log_lines(error))
    shown = f"<pre>{escape(log)}</pre>" if log else ""
    return f'<div class="faas-bad"><b>{escape(error.title)}</b></div><div>{detail}</div>{shown}'


def _log_lines(error: FaasError) -> list[str]:
    """The end of a build's log, if the error has one."""
    log = error.figures.get("log", [])
    lines = log.splitlines() if isinstance(log, str) else [str(line) for line in log]
    return lines[-_LOG_LINES:]
