"""One run of a notebook: parameters in, cells executed one after the other, result in the wanted form."""

from __future__ import annotations

import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from .. import codec
from ..cgroups import Cgroup
from ..results import NDJSON, SSE, Deferred
from .cells import is_code, numbered, tags_of
from .draft import Draft
from .failures import cell_failed, kernel_ended
from .forms import HTML, IPYNB, glued

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .draft import Report
    from .forms import Forms
    from .kernels import Kernel, Kernels


class Run(Deferred):
    """A run that begins when its form is known; ``given`` are the values of the parameters passed."""

    forms = (codec.JSON, HTML, IPYNB, SSE, NDJSON)
    what = "an executed notebook"

    def __init__(
        self,
        source: str,
        manifest: dict[str, Any],
        given: dict[str, Any],
        hide_input: bool,
        kernels: Kernels,
        forms: Forms,
        report: Report,
    ) -> None:
        self._source = source
        self._manifest = manifest
        self._given = given
        self._hide_input = hide_input
        self._kernels = kernels
        self._written = forms
        self._report = report
        self._value: Any = None
        self._notebook: Any = None

    def made(self, media_type: str) -> Any:
        """The notebook's values, its page, or itself; for a stream, what happens while it runs.

        Raises ``CallFailed`` where a cell does.
        """
        events = self._events(wants_value=media_type not in {HTML, IPYNB})
        if media_type in {SSE, NDJSON}:
            return events
        for _ in events:
            pass
        if media_type == codec.JSON:
            return self._value
        return self._written.of(self._notebook, media_type, self._hide_input)

    def _events(self, wants_value: bool) -> Iterator[dict[str, Any]]:
        """Run the notebook; before and after each code cell says so."""
        self._notebook = nbformat.reads(self._source, as_version=4)
        if self._given:
            from .parameters import with_parameters  # papermill, which only notebooks with parameters bring

            self._notebook = with_parameters(self._notebook, self._given, self._manifest["notebook"])
        kernel = self._kernels.take()
        try:
            self._notebook.metadata["language_info"] = kernel.language_info
            yield from self._executed(kernel)
            if wants_value:
                self._value = self._result(kernel)
        finally:
            self._kernels.replace(kernel)
        yield {"state": "finished", "result": self._value}

    def _executed(self, kernel: Kernel) -> Iterator[dict[str, Any]]:
        client = NotebookClient(self._notebook, km=kernel.manager, timeout=None)
        client.kc = kernel.client
        ooms = Cgroup().oom_kills()
        draft = Draft(self._notebook, self._manifest["caps"]["result_bytes"], self._report)
        total = max((number for number, _, _ in numbered(self._notebook)), default=0)
        for number, index, cell in numbered(self._notebook):
            if not is_code(cell):
                continue
            event = {"cell": number, "of": total, "tags": tags_of(cell)}
            yield {"state": "started", **event}
            begun = time.monotonic()
            try:
                self._kernels.run(draft.kept(client.async_execute_cell(cell, index), number, index))
            except CellExecutionError as error:
                raise cell_failed(self._notebook, cell, number, error, self._manifest) from None
            except DeadKernelError:
                for_memory = Cgroup().oom_kills() > ooms
                raise kernel_ended(self._notebook, cell, number, for_memory, self._manifest) from None
            yield {"state": "done", **event, "seconds": round(time.monotonic() - begun, 3)}
        if client.widget_state:
            client.set_widgets_metadata()

    def _result(self, kernel: Kernel) -> Any:
        """What the cells glued, else the value of the last one."""
        values = glued(self._notebook)
        if values:
            return values
        code = [cell for cell in self._notebook.cells if is_code(cell)]
        return self._last_value(code[-1], kernel) if code else None

    def _last_value(self, cell: Any, kernel: Kernel) -> Any:
        """As JSON where it has such a form, else as the text that the notebook shows."""
        shown = [output for output in cell.outputs if output.output_type == "execute_result"]
        if not shown:
            return None
        if self._kernels.language == "python":
            value = self._kernels.run(_python_value(kernel, cell.execution_count))
            if value:
                return value[0]
        data = shown[-1].data
        return data.get("application/json", data.get("text/plain"))


async def _python_value(kernel: Kernel, count: int) -> list[Any]:
    """The value that the cell ``count`` ended with, in a list; none if it has no JSON form."""
    import ast
    import json

    asked = {"value": f"get_ipython().faas_last_value({int(count)})"}
    reply = await kernel.client.execute("", silent=True, user_expressions=asked, reply=True)
    answer = reply["content"].get("user_expressions", {}).get("value", {})
    if answer.get("status") != "ok":
        return []
    text = ast.literal_eval(answer["data"]["text/plain"])
    return [json.loads(text)] if text else []
