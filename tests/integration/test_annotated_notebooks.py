"""``jupyter faas publish NOTEBOOK``: annotated cells in real kernels, their functions in real containers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of

pytestmark = pytest.mark.docker

Publish = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def publish(gateway: Gateway, tmp_path: Path) -> Publish:
    """Writes a notebook of the given cells and publishes it with the command."""

    def run(cells: list[Any], *options: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "work.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        command = [sys.executable, "-m", "jupyter_faas.cli", "publish", str(path), *options]
        return subprocess.run(
            command, env=gateway.environment, capture_output=True, text=True, timeout=150, check=False
        )

    return run


def cell(source: str, *tags: str, **faas: Any) -> Any:
    made: Any = nbformat.v4.new_code_cell(source)
    made.metadata.update({"tags": list(tags)} if tags else {})
    made.metadata.update({"faas": faas} if faas else {})
    return made


def test_a_comment_publishes_after_the_cell_ran(publish: Publish, gateway: Gateway) -> None:
    done = publish(
        [
            nbformat.v4.new_markdown_cell("# Roots"),
            cell("%precision 3\n!true\nlimit = 0"),
            cell(
                "#| publish --timeout 5s\n"
                "def comment_root(x: float) -> float:\n"
                "    if x < limit:\n"
                "        raise ValueError('too small')\n"
                "    return x ** 0.5"
            ),
            cell("limit = -4"),
        ]
    )
    assert done.returncode == 0, done.stderr
    assert "comment_root" in done.stdout
    assert gateway.client.function("comment_root")["caps"]["timeout_seconds"] == 5
    assert gateway.call("comment_root", {"x": 4}).json == 2.0
    # limit was 0 when the cell was published
    problem = gateway.call("comment_root", {"x": -1}).json
    (frame,) = problem["traceback"]
    assert (frame["cell"], frame["cell_line"]) == ("In[2]", 4)
    assert frame["text"] == "raise ValueError('too small')"


def test_a_tag_with_options_in_the_metadata(publish: Publish, gateway: Gateway) -> None:
    options = {
        "name": "tagged-area",
        "timeout": "7s",
        "memory": "128MB",
        "env": ["UNIT=cm"],
        "public": True,
    }
    source = "import os\ndef area(r: float = 1.0) -> str:\n    return f'{r * r:g} {os.environ[\"UNIT\"]}'"
    done = publish([cell(source, "publish", "other", **options)], "--json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)["published"]
    assert (record["cell"], record["state"]) == (1, "live")
    function = gateway.client.function("tagged-area")
    assert function["public"]
    assert function["caps"]["timeout_seconds"] == 7
    assert function["caps"]["memory_bytes"] == 128 * 10**6
    assert gateway.call("tagged-area", {"r": 3}).json == "9 cm"


def test_one_cell_of_many(publish: Publish, gateway: Gateway) -> None:
    cells = [
        cell("%load_ext jupyter_faas"),
        cell("%%publish\ndef many_one():\n    return 1"),
        cell("#| publish\ndef many_two():\n    return many_one() + 1"),
        cell("def f():\n    return 3", "publish", name="many_three"),
    ]
    done = publish(cells, "--cell", "many_two")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["many_two"]
    assert gateway.call("many_two").json == 2
    assert gateway.call("many_one").status == 404
    assert gateway.call("many_three").status == 404


def test_cells_that_call_what_is_not_published_yet(publish: Publish, gateway: Gateway) -> None:
    cells = [
        cell("%load_ext jupyter_faas"),
        cell("%%publish called-one\ndef one(values: list[float]) -> float:\n    return sum(values)"),
        cell("#| publish\ndef called_two(x: int) -> int:\n    return x + 1"),
        cell("total = %faas invoke called-one values={[1, 2]}\nassert total == 3"),
        cell("more = %faas invoke called_two x={total}\nassert more == 4"),
        cell("from jupyter_faas import connect\nconnect()['called-one'](values=[1, 2])"),
    ]
    done = publish(cells, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would publish called_two" in done.stdout
    assert "Cell 6 calls what is not published in this run, and was passed over: There is no" in done.stderr
    assert gateway.call("called-one").status == 404
    done = publish(cells, "--cell", "called_two")
    assert done.returncode == 0, done.stderr
    assert gateway.call("called_two", {"x": 1}).json == 2
    assert gateway.call("called-one").status == 404
    assert "Cell 6 calls what is not published" in done.stderr
    done = publish([cell("%load_ext jupyter_faas"), cell("%faas invoke called_tow x=1")])
    assert done.returncode == 1
    assert "Cell 2 failed" in done.stderr
    assert "Did you mean 'called_two'?" in done.stderr


def test_parameters(publish: Publish, gateway: Gateway) -> None:
    cells = [
        cell("factor = 1\nunit = 'm'\n", "parameters"),
        cell("#| publish\ndef scaled(x: float):\n    return [x * factor, unit]"),
    ]
    done = publish(cells, "--json", "--param", "factor=2.5", "--param", "unit=#fff")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"][0]["cell"] == 2  # of the author's file
    assert gateway.call("scaled", {"x": 2}).json == [5.0, "#fff"]
    statically = publish(cells, "--no-execute", "--param", "factor=3")
    assert statically.returncode == 0, statically.stderr
    assert gateway.call("scaled", {"x": 2}).json == [6.0, "m"]


def test_without_execution(publish: Publish, gateway: Gateway, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    done = publish(
        [
            cell("import math\nfrom packaging.version import Version\nSCALE = {'a': [1, 2]}"),
            cell(f"open({str(ran)!r}, 'w')"),
            cell("class Box:\n    def __init__(self, r):\n        self.r = r"),
            cell(
                "%%publish --memory 128MB\n"
                "\n"
                "def static_area(r: float, v: str = '1.10') -> dict:\n"
                "    assert r > 0, 'not positive'\n"
                "    box = Box(math.floor(r) * SCALE['a'][1])\n"
                "    return {'area': box.r ** 2, 'newer': Version(v) > Version('1.9')}"
            ),
        ],
        "--no-execute",
    )
    assert done.returncode == 0, done.stderr
    assert not ran.exists()
    assert gateway.call("static_area", {"r": 1.5}).json == {"area": 4, "newer": True}
    assert gateway.call("static_area", {"r": "x"}).status == 422
    assert gateway.client.function("static_area")["packages"] != []
    (frame,) = gateway.call("static_area", {"r": -1}).json["traceback"]
    assert (frame["cell"], frame["cell_line"]) == ("4", 4)


def test_without_execution_refuses_what_it_cannot_know(publish: Publish, gateway: Gateway) -> None:
    done = publish(
        [
            cell("import time\nnow = time.time()"),
            cell("if now:\n    def g():\n        return 1"),
            cell("#| publish\ndef unknowable():\n    return now, g()"),
        ],
        "--no-execute",
    )
    assert done.returncode == 1
    assert "Cell 3: 2 things that unknowable uses can't be published" in done.stderr
    assert "now, used by unknowable (cell 3, line 3); bound in cell 1, line 2: it is bound to" in done.stderr
    assert "g, used by unknowable (cell 3, line 3); bound in cell 2, line 2: it is bound under" in done.stderr
    assert "Publish without --no-execute" in done.stderr
    assert gateway.call("unknowable").status == 404


TWO_OUTPUTS = '''import math
base = math.pi * radius ** 2 * factor

label = """two
lines"""
volume = base * height / divisor'''


def test_a_cell_without_a_def(gateway: Gateway, tmp_path: Path) -> None:
    options = (
        '--input "radius: float = 1.0" --input "height: float" --input "divisor: int = 1" '
        "--output volume --output label"
    )
    cells = execute(
        notebook_of(
            [
                "factor = 2\nheight = 10.0",
                f"%%publish cylinder {options}\n{TWO_OUTPUTS}",
                "print(radius, height, round(volume))",
            ]
        ),
        gateway,
        tmp_path,
    ).cells
    assert text_of(cells[3]) == "1.0 10.0 63\n"  # the cell ran with the default and the live value
    answer = gateway.call("cylinder", {"height": 1})
    assert answer.json == {"volume": pytest.approx(6.2832, abs=1e-4), "label": "two\nlines"}
    assert gateway.call("cylinder").status == 422
    (frame,) = gateway.call("cylinder", {"height": 1, "divisor": 0}).json["traceback"]
    assert (frame["cell"], frame["cell_line"]) == ("In[3]", 7)
    assert frame["text"] == "volume = base * height / divisor"


def test_an_annotated_cell_without_a_def(publish: Publish, gateway: Gateway) -> None:
    done = publish(
        [
            cell("y = x * 2 / (x - 3)", "publish", name="doubled", input=["x: float = 1.0"], output=["y"]),
            cell("assert y == -1"),
        ]
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert gateway.call("doubled", {"x": 4}).json == 8
    (frame,) = gateway.call("doubled", {"x": 3}).json["traceback"]
    assert (frame["cell"], frame["cell_line"]) == ("In[1]", 1)


def test_annotated_cells_that_ran_are_published_from_the_notebook(gateway: Gateway, tmp_path: Path) -> None:
    cells = execute(
        notebook_of(
            [
                "#| publish\ndef said():\n    return 'old'",
                "#| publish --name\nnot Python at all",
                "#| publish\ndef said():\n    return 'new'",
                "%faas publish",
            ]
        ),
        gateway,
        tmp_path,
        allow_errors=True,
    ).cells
    assert "said version 1 is live" in text_of(cells[4])
    assert gateway.call("said").json == "new"
