"""The examples do what they say: each notebook is run, then what it tells a reader to do in a shell."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from PIL import Image

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.cli.without_execution import captured, check_language
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.media import IPYNB
from tests.support.docker import gateway_address, owner_of
from tests.support.documents import blocks_of, shell
from tests.support.gateway import Gateway
from tests.support.notebook import execute, read, text_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

pytestmark = pytest.mark.docker


@dataclass(frozen=True)
class Ran:
    """An example that was run, in a copy of the folder."""

    notebook: Any
    gateway: Gateway
    folder: Path

    def shown(self, cell: str) -> str:
        """What the cell of this id displayed."""
        return text_of(next(one for one in self.notebook.cells if one.id == cell))

    def shell(self, **variables: str) -> str:
        """What the notebook's commands for a shell write."""
        text = "\n".join(cell.source for cell in self.notebook.cells if cell.cell_type == "markdown")
        commands = "".join(block.text for block in blocks_of(text) if block.language == "bash")
        return shell(self.gateway, commands, self.folder, **variables)


@pytest.fixture
def ran(request: pytest.FixtureRequest, gateway: Gateway, tmp_path: Path) -> Ran:
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    notebook = read(folder / f"{request.param}.ipynb")
    return Ran(execute(notebook, gateway, folder), gateway, folder)


def example(name: str) -> Callable[[Callable[[Ran], None]], Callable[[Ran], None]]:
    """Marks the test of an example."""
    return pytest.mark.parametrize("ran", [name], indirect=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_short_and_says_what_it_does(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")
    assert sum(len(cell.source.splitlines()) for cell in notebook.cells) <= 80
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_run_by_a_test(path: Path) -> None:
    tests = [file.read_text() for file in EXAMPLES.parent.glob("tests/**/test_*.py")]
    assert any(f'"{path.stem}"' in text or path.name in text for text in tests)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_its_source_alone_tells(path: Path) -> None:
    """Without execution an example gives what running it gives, or says what only that tells."""
    refused = {
        "model": "Cell 4: --check compares with a kernel's result",
        "streaming": "followers, used by tokens (cell 4, line 12); bound in cell 3, line 7",
        "validated_input": "The types of price's parameters can't be known without running the notebook",
    }
    given = {
        "quickstart": ["TestFn", "summarize", "totals"],
        "calling_out": ["check"],
        "figure": ["chart"],
        "local_package": ["distance"],
        "report": [],
        "table": ["monthly"],
        "thumbnail": ["thumbnail"],
    }
    if path.stem == "stopping":
        with pytest.raises(UsageError, match="the notebook's language is R"):
            check_language(read(path))
    elif path.stem in refused:
        with pytest.raises(FaasError, match=re.escape(refused[path.stem])):
            captured(read(path), path, None)
    else:
        found = captured(read(path), path, None)
        assert [one.bundle.manifest.name for _, one in found] == given[path.stem]


def published(gateway: Gateway, name: str) -> None:
    """Publish a whole notebook with the command."""
    command = [sys.executable, "-m", "jupyter_faas.cli", "publish", str(EXAMPLES / name), "--whole"]
    done = subprocess.run(
        command, env=gateway.environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr


def page(gateway: Gateway, path: str, arguments: bytes) -> str:
    answer = gateway.request("POST", path, arguments, {"Accept": "text/html"})
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_report(gateway: Gateway) -> None:
    published(gateway, "report.ipynb")
    best = {"year": 2024, "best": {"Oslo": 451.0, "Bergen": 322.4}}
    assert gateway.call("report", {"top": 2, "unit": "EUR"}).json == best
    text = page(gateway, "/functions/report?hide_input=1", b'{"year": 2023, "towns": ["Hamar", "Oslo"]}')
    assert "<td>40</td>" in text
    assert "data:image/png;base64," in text
    assert "nlargest" not in text
    failed = gateway.call("report", {"year": 1999}).json
    assert (failed["cell"], failed["source"]) == (3, 'raise ValueError(f"there are no sales in {year}")')


@pytest.mark.timeout(600)
def test_r_notebook(gateway: Gateway) -> None:
    published(gateway, "stopping.ipynb")
    answer = gateway.call("stopping", {"speed": 21})
    assert answer.json == {"distance": {"ft": pytest.approx(65.0, abs=0.01)}, "speed": 21}, answer.body
    assert '<h1 id="Speed-and-stopping-distance">' in page(gateway, "/functions/stopping?hide_input=1", b"{}")
    attack = ['m"); quit("no', "é"]
    notebook = gateway.request(
        "POST", "/functions/stopping", json.dumps({"units": attack}).encode(), {"Accept": IPYNB}
    ).json
    assert "".join(notebook["cells"][2]["source"]) == (
        '# Parameters\nunits <- c("m\\"); quit(\\"no", "\\u00e9")\n'
    )
    failed = gateway.call("stopping", {"units": [1, "a"]}).json  # a list, which is no subscript
    assert (failed["code"], failed["cell"]) == ("handler-error", 4), failed
    assert failed["source"].startswith("interval <- predict(")
    assert "invalid subscript type" in failed["message"]


def test_quickstart(gateway: Gateway) -> None:
    execute(read(EXAMPLES / "quickstart.ipynb"), gateway, EXAMPLES)
    program = subprocess.run(
        [sys.executable, EXAMPLES / "call_quickstart.py", gateway.url, gateway.token],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert program.stdout.count("→ 200 in") == 4
    assert '"How are you?"' in program.stdout
    assert '{"quantile":7.6' in program.stdout
    assert '[{"city":"Oslo","sales":8},{"city":"Bergen","sales":4}]' in program.stdout
    logged = [(entry["stream"], entry["text"]) for entry in gateway.client.logs("TestFn")]
    assert logged[:2] == [("INFO", "Hello from TestFn!"), ("INFO", "How are you?")]


@example("model")
def test_model(ran: Ran) -> None:
    assert "model  value, sklearn.pipeline.Pipeline" in ran.shown("predict")
    assert "its examples hold" in ran.shown("predict")
    assert [word for word in ran.shown("call").split("'") if word.endswith("a")] == ["virginica", "setosa"]
    answers = json.loads(ran.shell())
    assert [answer["species"] for answer in answers] == ["setosa", "virginica"]
    assert all(0.8 < answer["chance"] <= 1 for answer in answers)


@example("figure")
def test_figure(ran: Ran) -> None:
    (shown,) = next(cell for cell in ran.notebook.cells if cell.id == "call").outputs
    assert "image/png" in shown.data
    ran.shell()
    assert Image.open(ran.folder / "chart.png").size == (500, 250)
    assert "<svg" in (ran.folder / "chart.svg").read_text()


@example("thumbnail")
def test_thumbnail(ran: Ran) -> None:
    ran.shell()
    picture = Image.open(io.BytesIO((ran.folder / "thumbnail.jpg").read_bytes()))
    assert (picture.format, picture.size) == ("JPEG", (64, 64))


@example("table")
def test_table(ran: Ran) -> None:
    assert "its examples hold" in ran.shown("totals")
    head, first, *_ = ran.shown("call").splitlines()
    assert (head.split(), first.split()[1:]) == (
        ["month", "sum", "mean", "count"],
        ["2026-01", "60", "30.0", "2"],
    )
    assert ran.shell().splitlines() == [
        "month,sum,mean,count",
        "2026-01,60,30.0,2",
        "2026-02,15,15.0,1",
        "2026-03,80,40.0,2",
    ]


@example("local_package")
def test_local_package(ran: Ran) -> None:
    receipt = ran.shown("distance")
    assert all(f"trips/{file}" in receipt for file in ("sphere.py", "airports.py", "airports.csv"))
    assert ran.shown("call") == "{'start': 'OSL', 'end': 'JFK', 'km': 5917}"
    assert json.loads(ran.shell()) == {"start": "OSL", "end": "NRT", "km": 8386}


@example("streaming")
def test_streaming(ran: Ran) -> None:
    words = ran.shown("call").split()
    assert len(words) == 8
    assert words[0] in {"reads", "writes"}  # what follows "model" in the text
    lines = ran.shell().splitlines()
    items = [json.loads(line) for line in lines[:3]]
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert items == events
    assert all(isinstance(item, str) for item in items)


@example("validated_input")
def test_validated_input(ran: Ran) -> None:
    assert "price(booking: Booking) -> dict" in ran.shown("price")
    assert ran.shown("call") == "{'nights': 3, 'total': 210.0}"
    unfit, impossible = ran.shell().replace("}{", "}\n{").splitlines()
    faults = json.loads(unfit)["faults"]
    assert {fault["path"] for fault in faults} == {"$.booking.room", "$.booking.guests"}
    assert "departure must be after arrival" in json.loads(impossible)["detail"]


@example("calling_out")
def test_calling_out(ran: Ran) -> None:
    ran.gateway.call("check", {"urls": []})  # its container tells at which address it sees this machine
    host = gateway_address(owner_of(ran.gateway.folder), "check")
    with pages(host) as url:
        answers = json.loads(ran.shell(PAGE=url))
    assert [(answer["url"], answer["status"]) for answer in answers] == [(url, 200), (url, 200)]
    (unreachable,) = ran.gateway.call("check", {"urls": [url]}).json
    assert unreachable["error"]


@contextmanager
def pages(host: str) -> Iterator[str]:
    """The address of a page that answers 200 only when it is asked twice at the same time."""
    both = threading.Barrier(2)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                both.wait(10)
                self.send_response(200)
            except threading.BrokenBarrierError:
                self.send_response(503)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer((host, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
