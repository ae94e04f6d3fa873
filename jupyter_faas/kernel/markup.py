"""HTML shown in a notebook: everything escaped, one small style sheet that follows the notebook's theme."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["STYLE", "escape", "rows", "table"]

# In VS Code, nbconvert and other places without JupyterLab's variables the fall-backs suit light and dark.
STYLE: Final = """<style>
.faas-panel { --faas-quiet: var(--jp-ui-font-color2, #7d7d7d); --faas-line: var(--jp-border-color2, #8884);
  --faas-ok: var(--jp-success-color1, #388e3c); --faas-bad: var(--jp-error-color1, #d32f2f);
  --faas-warn: var(--jp-warn-color1, #b26a00); --faas-mono: var(--jp-code-font-family, monospace);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: var(--jp-ui-font-size1, 13px);
  line-height: 1.5; color: var(--jp-ui-font-color1, inherit); max-width: 60em; }
.faas-panel table { border-collapse: collapse; margin: 0; font-size: inherit; color: inherit;
  table-layout: auto !important; }
.faas-panel td, .faas-panel th { text-align: left !important; vertical-align: top; border: 0;
  padding: 1px 16px 1px 0; max-width: none; background: none; white-space: pre-wrap;
  overflow-wrap: break-word; }
.faas-panel td:first-child, .faas-panel th { white-space: nowrap; }
.faas-panel th, .faas-panel td.faas-label, .faas-panel summary { color: var(--faas-quiet);
  font-weight: normal; }
.faas-panel tr { background: none !important; }
.faas-panel pre { font-family: var(--faas-mono); font-size: var(--jp-code-font-size, 12px); margin: 2px 0;
  padding: 4px 8px; border-left: 2px solid var(--faas-line); background: none; color: inherit;
  white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; user-select: all; }
.faas-panel .faas-ok { color: var(--faas-ok); } .faas-panel .faas-bad { color: var(--faas-bad); }
.faas-panel .faas-warning { color: var(--faas-warn); } .faas-panel .faas-quiet { color: var(--faas-quiet); }
.faas-panel details { margin: 4px 0; } .faas-panel summary { cursor: pointer; }
</style>"""


def escape(text: object) -> str:
    """``text`` as HTML text that says just that."""
    return html.escape(str(text), quote=True)


def rows(lines: Iterable[tuple[str, str]]) -> str:
    """Labelled lines as the rows of a table."""
    return "".join(
        f'<tr><td class="faas-label">{escape(label)}</td><td>{escape(line)}</td></tr>'
        for label, line in lines
    )


def table(columns: Sequence[str], cells: Iterable[Sequence[object]]) -> str:
    """A table with a head."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    return f'{STYLE}<div class="faas-panel"><table><tr>{head}</tr>{body}</table></div>'
