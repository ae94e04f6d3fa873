"""Whole notebooks: published with the command, run in real containers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_faas.model.errors import HandlerError
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of
from tests.support.streaming import SSE, opened
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

HTML = {"Accept": "text/html"}
IPYNB = {"Accept": "application/x-ipynb+json"}

PARAMETERS = """\
n: int | None = 2  # how many
colour = '#fff'  # a text with a mark of comments
sent = 0.0  # type: float When the call was sent
task = "none"  # type: Literal["none", "raise", "sleep", "die", "eat"] What the notebook does"""

STATE = """\
import os, pathlib, sys, time
early = "iniconfig" in sys.modules
from measures import double

%pip install -q iniconfig
import iniconfig

def age():
    born = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return float(open("/proc/uptime").read().split()[0]) - born

before = "leftover" in globals()
leftover = True
files = sorted(str(path) for path in pathlib.Path().rglob("*") if path.is_file())
pathlib.Path("made.txt").write_text("made by a call")
kernels = [pid for pid in os.listdir("/proc") if pid.isdigit()
           and b"notebook/launch.py" in pathlib.Path("/proc", pid, "cmdline").read_bytes()]"""

WORK = """\

def fail(divisor):
    return 1 / divisor

if task == "raise":
    fail(0)
if task == "sleep":
    print("asleep")
    os.system("sleep 300 &")
    time.sleep(300)
if task == "eat":
    hog = [bytearray(b"x" * 10**7) for _ in range(1000)]
if task == "die":
    os._exit(3)"""

LAST = """\
{"n": n, "colour": colour, "before": before, "files": files, "pid": os.getpid(), "worker": os.getppid(),
 "kernels": kernels, "early": early, "doubled": double(n or 0), "started_before": age() > time.time() - sent,
 "line": open("data/lines.txt").read().strip()}"""


def code(source: str, *tags: str) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def written(folder: Path, cells: list[Any], **metadata: Any) -> Path:
    path = folder / "work.ipynb"
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, **metadata})
    nbformat.write(notebook, path)
    return path


def publish(gateway: Gateway, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_faas.cli", "publish", str(path), "--whole", *options]
    return subprocess.run(
        command, env=gateway.environment, capture_output=True, text=True, timeout=170, check=False
    )


@pytest.fixture(scope="module")
def work(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """The gateway with a whole notebook published as ``work``."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "data").mkdir()
    (folder / "data" / "lines.txt").write_text("one line\n")
    (folder / "measures.py").write_text("def double(x):\n    return 2 * x\n")
    text = nbformat.v4.new_markdown_cell("# Work\n\nWhat it does.")
    cells = [text, code(PARAMETERS, "parameters"), code(STATE), code(WORK, "work"), code(LAST)]
    path = written(folder, cells, faas={"timeout": "12s", "file": ["data"], "max-instances": 1})
    done = publish(gateway, path)
    assert done.returncode == 0, done.stderr
    assert "work" in done.stdout
    assert "the notebook is run once in the image before it goes live" in done.stderr
    return gateway


def test_the_last_value_and_the_signature(work: Gateway) -> None:
    answer = work.call("work", {"n": None, "colour": "\"#'\\n", "sent": time.time()})
    assert answer.status == 200, answer.body
    assert (answer.json["n"], answer.json["colour"]) == (None, "\"#'\\n")
    assert answer.json["line"] == "one line"
    function = work.client.function("work")
    properties = function["input_schema"]["properties"]
    assert properties["colour"] == {
        "type": "string",
        "description": properties["colour"]["description"],
        "default": "#fff",
    }
    assert properties["task"]["enum"] == ["none", "raise", "sleep", "die", "eat"]
    assert properties["sent"] == {"type": "number", "description": "When the call was sent", "default": 0.0}
    assert (function["doc"], function["caps"]["timeout_seconds"]) == ("Work\n\nWhat it does.", 12)
    assert any(package.startswith("iniconfig==") for package in function["packages"])
    refused = work.call("work", {"n": "two", "task": "x"})
    assert (refused.status, len(refused.json["faults"])) == (422, 2)


def test_a_kernel_of_its_own_that_was_started_before_the_call(work: Gateway) -> None:
    first, second = (work.call("work", {"sent": time.time()}).json for _ in range(2))
    assert first["pid"] != second["pid"]
    assert first["worker"] == second["worker"]
    for state in (first, second):
        assert state["started_before"]
        assert not state["before"]
        assert state["files"] == ["data/lines.txt"]
        assert len(state["kernels"]) == 1
        assert state["early"]  # a package that the notebook imports, before its cell does


def test_the_second_call_does_not_pay_for_a_kernel(work: Gateway) -> None:
    begun = time.perf_counter()
    work.client.change_caps("work", {"init-timeout": "3m"})  # starts an instance of the same image, to see it
    start = time.perf_counter() - begun

    def is_warm() -> bool:
        time.sleep(start)  # longer than a kernel alone takes to start, on however slow a machine
        return work.call("work").seconds < start / 3

    eventually(is_warm, 60, f"a call takes a third of what a start takes, {start:.2f} s")


def test_pages(work: Gateway) -> None:
    page = work.request("POST", "/functions/work", b'{"n": 5}', HTML)
    assert page.status == 200, page.body
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert '<h1 id="Work">' in text
    assert "<title>Work</title>" in text
    assert "divisor" in text
    assert "'doubled': 10" in text
    hidden = work.request("POST", "/functions/work?hide_input=1", b'{"n": 5}', HTML).body.decode()
    assert "divisor" not in hidden
    assert "'doubled': 10" in hidden
    assert work.request("POST", "/functions/work", b"{}", {"Accept": "text/csv"}).status == 406


def test_the_executed_notebook(work: Gateway) -> None:
    answer = work.request("GET", "/functions/work?n=7", None, IPYNB)
    assert answer.headers["content-type"] == "application/x-ipynb+json"
    notebook = nbformat.reads(answer.body.decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[2].source == "# Parameters\nn = 7\n"
    assert notebook.cells[2].metadata.tags == ["injected-parameters"]
    assert "'doubled': 14" in notebook.cells[-1].outputs[0].data["text/plain"]
    assert "Already in the image" in notebook.cells[3].outputs[0].text


def test_a_failing_cell(work: Gateway) -> None:
    worker = work.call("work").json["worker"]
    answer = work.call("work", {"task": "raise"})
    assert (answer.status, answer.code) == (500, "handler-error")
    problem = answer.json
    assert problem["detail"] == "ZeroDivisionError: division by zero (cell 4, line 3)"
    assert (problem["exception"], problem["message"]) == ("ZeroDivisionError", "division by zero")
    assert (problem["cell"], problem["tags"], problem["line"]) == (4, ["work"], 3)
    assert problem["source"] == "return 1 / divisor"
    outer, inner = problem["traceback"]
    assert (outer["file"], outer["cell"], outer["cell_line"]) == ("work.ipynb", "4", 6)
    assert (inner["function"], inner["text"]) == ("fail", "return 1 / divisor")
    partial = work.request("GET", problem["notebook"])
    assert partial.headers["content-type"] == "application/x-ipynb+json"
    notebook = nbformat.reads(partial.body.decode(), as_version=4)
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4, None]
    assert notebook.cells[4].outputs[0].ename == "ZeroDivisionError"
    assert work.request("GET", problem["notebook"], headers={"Authorization": ""}).status == 401
    identifier = answer.headers["faas-invocation-id"]
    assert work.client.notebook(identifier)["cells"][4]["outputs"][0]["evalue"] == "division by zero"
    assert work.call("work").json["worker"] == worker  # a failed call costs no worker
    assert work.request("GET", "/api/v1/invocations/0123/notebook").status == 404


def test_progress(work: Gateway) -> None:
    events = list(work.client.stream("work", {"n": 3}))
    assert [(event["state"], event["cell"]) for event in events[:-1]] == [
        (state, cell) for cell in (2, 2, 3, 4, 5) for state in ("started", "done")
    ]
    assert {event["of"] for event in events[:-1]} == {5}
    assert events[6]["tags"] == ["work"]
    assert events[-1]["state"] == "finished"
    assert events[-1]["result"]["doubled"] == 6
    with pytest.raises(HandlerError) as caught:
        list(work.client.stream("work", {"task": "raise"}))
    assert caught.value.figures["cell"] == 4


def test_events_come_while_the_notebook_runs(work: Gateway) -> None:
    with opened(work, "work", {"task": "sleep"}, SSE) as answer:
        events = (json.loads(line[6:]) for line in answer if line.startswith(b"data: "))
        # Minutes before the end of the cell; leaving ends the call.
        assert next(event for event in events if event["cell"] == 4)["state"] == "started"


def test_the_deadline_ends_the_kernel_with_all_that_it_started(work: Gateway) -> None:
    late = work.call("work", {"task": "sleep"})
    assert (late.status, late.json["phase"], late.json["cell"], late.json["tags"]) == (
        504,
        "run",
        4,
        ["work"],
    )
    assert "Cell 4 (tagged work) was running." in late.json["detail"]
    notebook = nbformat.reads(work.request("GET", late.json["notebook"]).body.decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[2].source == "# Parameters\ntask = 'sleep'\n"
    assert [cell.execution_count for cell in notebook.cells[1:4]] == [1, 2, 3]
    assert "Already in the image" in notebook.cells[3].outputs[0].text
    assert notebook.cells[4].outputs[0].text == "asleep\n"  # of the cell that ran, what it had shown
    assert not notebook.cells[5].outputs
    after = work.call("work", {"sent": time.time()})
    assert after.status == 200, after.body
    assert len(after.json["kernels"]) == 1


def test_a_kernel_that_ends(work: Gateway) -> None:
    answer = work.call("work", {"task": "die"})
    assert (answer.status, answer.code) == (502, "crashed")
    assert (answer.json["cell"], answer.json["tags"]) == (4, ["work"])
    assert "notebook" in answer.json
    assert work.call("work").status == 200


def test_a_kernel_that_is_killed_for_its_memory(work: Gateway) -> None:
    answer = work.call("work", {"task": "eat"})
    assert (answer.status, answer.code) == (502, "out-of-memory"), answer.body
    problem = answer.json
    assert (problem["cell"], problem["tags"]) == (4, ["work"])
    assert problem["cap_bytes"] == pytest.approx(10**9, rel=0.2)  # the engine adds the supervisor's share
    assert problem["peak_bytes"] > 0.8 * 10**9
    assert "more memory than its cap" in problem["detail"]
    assert "Cell 4 (tagged work) was running." in problem["detail"]
    notebook = nbformat.reads(work.request("GET", problem["notebook"]).body.decode(), as_version=4)
    assert [cell.execution_count for cell in notebook.cells[1:4]] == [1, 2, 3]
    assert work.call("work").status == 200


def test_a_notebook_that_fails_leaves_the_version_before_it(gateway: Gateway, tmp_path: Path) -> None:
    same = code("%pip install iniconfig")  # the packages of `work`, whose environment is there already
    glued = "from jupyter_faas import glue\nglue('rows', 3)\nglue('by', {'a': {1}})\n'not this'"
    cells = [code("x = 1", "parameters"), code(glued), same]
    done = publish(gateway, written(tmp_path, cells), "--name", "glued")
    assert done.returncode == 0, done.stderr
    assert gateway.call("glued").json == {"rows": 3, "by": {"a": [1]}}
    bad = written(tmp_path, [code("x = 1"), code("y: int", "parameters"), same, code("\nx / y")])
    done = publish(gateway, bad, "--name", "glued", "--param", "y=0", "--json")
    assert done.returncode == 1
    problem = json.loads(done.stderr)
    assert problem["code"] == "build-failed"
    assert (
        "the notebook fails in it: ZeroDivisionError: division by zero (cell 4, line 2)" in problem["detail"]
    )
    assert "Version 1, live until now, still is." in problem["detail"]
    assert gateway.call("glued").json["rows"] == 3
    done = publish(gateway, bad, "--name", "glued", "--no-execute")
    assert done.returncode == 0, done.stderr
    assert gateway.call("glued", {"y": 2}).json == 0.5
    assert gateway.call("glued").status == 422


def test_from_a_notebook(gateway: Gateway, tmp_path: Path) -> None:
    source = "%load_ext jupyter_faas\nmade = 1\n%faas list\n'ran'"
    path = written(
        tmp_path, [code(source), code("%%publish\ndef inner():\n    return made"), code("inner()")]
    )
    cells = execute(
        notebook_of(
            [
                f"%faas publish {path.name} --whole from-inside --dry-run --no-execute",
                f"%env JPY_SESSION_NAME={path}",
                "%faas publish --whole from-inside --memory 800MB",
                "%faas invoke from-inside",
            ]
        ),
        gateway,
        tmp_path,
        allow_errors=True,
    ).cells
    assert "from-inside would be published (--dry-run)." in text_of(cells[1])
    assert "its kernel is started (--no-execute)" in text_of(cells[1])
    assert "from-inside version 1 is live" in text_of(cells[3])
    assert gateway.client.function("from-inside")["caps"]["memory_bytes"] == 800 * 10**6
    assert gateway.call("from-inside").json == 1
    assert gateway.client["from-inside"]() == 1, "its value, not how it went on"
    assert "<iframe" in cells[4].outputs[0].data["text/html"]


def test_a_kernel_that_the_image_has_not(gateway: Gateway, tmp_path: Path) -> None:
    kernel = {"name": "ir", "language": "R", "display_name": "R"}
    done = publish(gateway, written(tmp_path, [code("1 + 1")], kernelspec=kernel), "--name", "nowhere")
    assert done.returncode == 1
    assert "The image has no kernel for the notebook: it wants ir (R), and there is none." in done.stderr
    assert "--apt r-cran-irkernel" in done.stderr
