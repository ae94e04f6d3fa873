"""Capture in a real ipykernel, driven as a notebook is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def cell(*lines: str) -> Any:
    return nbformat.v4.new_code_cell("\n".join(lines))


def execute(*cells: Any) -> list[Any]:
    """Execute the cells in a fresh kernel and return them with their outputs."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    executed: list[Any] = notebook.cells
    return executed


def shown(executed: Any, kind: str = "text/plain") -> str:
    """What the last display of a cell says."""
    (panel,) = [output for output in executed.outputs if output.output_type == "display_data"]
    text: str = panel.data[kind]
    return text


def identity_lines(body: str) -> list[str]:
    return [
        "from jupyter_faas.kernel.annotation import parse_annotation",
        "from jupyter_faas.kernel.capture import capture",
        f"captured = capture(get_ipython(), {body!r}, parse_annotation(''))",
        "print(captured.bundle.identity)",
        "print(captured.bundle.files['handler.py'].decode())",
    ]


def test_dry_run_in_a_notebook() -> None:
    cells = execute(
        cell("import math", "K = {'b', 'a'}"),
        cell("def helper(x):", "    return [math.sqrt(x), sorted(K)]"),
        cell(
            "import asyncio",
            "def helper(x):",
            "    return [math.sqrt(x) + 1, sorted(K)]",
            "await asyncio.sleep(0)",
        ),
        cell("%load_ext jupyter_faas"),
        cell("%load_ext jupyter_faas"),
        cell("%%publish --dry-run", "", "print('ran')", "def f(x: float):", "    return helper(x)", "f(4)"),
        cell("f(9)"),
    )
    outputs = cells[5].outputs
    assert outputs[0].text == "ran\n"
    assert outputs[1].data["text/plain"] == "[3.0, ['a', 'b']]"
    text = shown(cells[5])
    assert "✓ capture" in text
    assert "f  entry, cell In[6], line 4" in text
    assert "helper  function, cell In[3], line 2" in text
    assert "packages    none" in text
    html = shown(cells[5], "text/html")
    assert "<details>" in html
    assert "cell In[3], line 2" in html
    assert cells[6].outputs[0].data["text/plain"] == "[4.0, ['a', 'b']]"


def test_an_unchanged_notebook_has_one_identity() -> None:
    body = "def f(x: int = K):\n    return helper(x)\n"
    notebook = [
        cell("%load_ext jupyter_faas", "import math", "K = 3", "S = {'one', 'two', 'three', 'four'}"),
        cell("def helper(x):", "    return [math.sqrt(x), len(S)]"),
        cell("%%publish --dry-run\n" + body),
        cell(*identity_lines(body)),
    ]
    texts = {execute(*notebook)[3].outputs[0].text for _ in range(2)}
    rerun = [notebook[0], cell("1"), *notebook[1:3], cell(notebook[1].source), notebook[3]]
    texts.add(execute(*rerun)[-1].outputs[0].text)
    assert len(texts) == 1, texts


def test_a_refusal_stops_the_notebook_quietly() -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(
            cell("%load_ext jupyter_faas", "df = open('/dev/null')"),
            cell("%%publish", "def f():", "    return df"),
        )
    assert caught.value.ename == "CaptureError"
    assert "df (_io.TextIOWrapper), used by f (cell In[2], line 3)" in caught.value.evalue
    assert "jupyter_faas/kernel" not in caught.value.traceback


def test_a_cell_that_raises_stops_the_notebook() -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(cell("%load_ext jupyter_faas"), cell("%%publish", "def f(): pass", "1/0"))
    assert "nothing was published" in caught.value.traceback or "ZeroDivisionError" in caught.value.traceback


def test_unknown_options_say_so() -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(cell("%load_ext jupyter_faas"), cell("%%publish --tiemout 5s", "def f(): pass"))
    assert "--tiemout" in caught.value.evalue


@pytest.fixture(scope="module")
def kernel() -> Iterator[Any]:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_cells_without_history(kernel: Any) -> None:
    """A front end may ask that a cell be kept out of the history."""
    said: list[str] = []

    def collect(message: Any) -> None:
        if message["msg_type"] == "display_data":
            said.append(message["content"]["data"]["text/plain"])
        elif message["msg_type"] == "update_display_data":
            said[-1] = message["content"]["data"]["text/plain"]
        elif message["msg_type"] == "error":
            said.append("\n".join(message["content"]["traceback"]))

    for source in (
        "%load_ext jupyter_faas",
        "def h():\n    return 1",
        "%%publish --dry-run\ndef f():\n    return h()",
    ):
        kernel.execute_interactive(source, store_history=False, output_hook=collect, timeout=60)
    assert "f would be published" in said[-1], said
    assert "f  entry, cell In[ ], line 2" in said[-1]


def test_await_at_the_top_level(kernel: Any) -> None:
    said: list[str] = []

    def collect(message: Any) -> None:
        if message["msg_type"] == "error":
            said.append("\n".join(message["content"]["traceback"]))

    source = "%%publish --dry-run\nasync def f():\n    return 1\nx = await f()"
    kernel.execute_interactive("%load_ext jupyter_faas", timeout=60)
    reply = kernel.execute_interactive(source, output_hook=collect, timeout=60)
    assert reply["content"]["ename"] == "AnnotationError", said
    assert "Put the await into a cell of its own" in reply["content"]["evalue"]
