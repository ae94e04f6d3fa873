"""What changed between two versions, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_faas.kernel.markup import STYLE, escape

__all__ = ["Differences"]


class Differences:
    """The API's changes of a version: HTML in a notebook, text in a terminal."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found

    @property
    def _title(self) -> str:
        return f"{self.found['function']}: version {self.found['since']} → {self.found['version']}"

    def __repr__(self) -> str:
        lines = [self._title]
        for change in self.found["changes"]:
            breaks = "BREAKS CALLERS: " if change["breaking"] else ""
            lines.append(f"  {change['part']}: {breaks}{change['what']}")
        if not self.found["changes"]:
            lines.append("  nothing is different")
        return "\n".join([*lines, *([self.found["source"]] if self.found["source"] else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td class="faas-label">{escape(change["part"])}</td>'
            f'<td class="{"faas-bad" if change["breaking"] else ""}">{escape(change["what"])}'
            f"{' — breaks callers' if change['breaking'] else ''}</td></tr>"
            for change in self.found["changes"]
        )
        rows = rows or '<tr><td class="faas-quiet">nothing is different</td></tr>'
        source = self.found["source"]
        lines = "\n".join(_line(line) for line in source.splitlines())
        shown = f"<details open><summary>source</summary><pre>{lines}</pre></details>" if source else ""
        title = f"<div><b>{escape(self._title)}</b></div>"
        return f'{STYLE}<div class="faas-panel">{title}<table>{rows}</table>{shown}</div>'


def _line(line: str) -> str:
    kind = {"+": "faas-ok", "-": "faas-bad", "@": "faas-quiet"}.get(line[:1])
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)
