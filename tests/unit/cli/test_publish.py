"""``jupyter faas publish`` with real notebooks in real kernels.

What ``%%publish`` leaves in the notebook is written out by plain cells here; tests/integration publishes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_faas.cli import main
from jupyter_faas.cli.notebook import publications
from jupyter_faas.model import media
from jupyter_faas.model.bundle import Bundle
from tests.unit.cli.conftest import Run
from tests.unit.client.gateway_double import TOKEN, GatewayDouble

PUBLICATION = {
    "function": "area",
    "version": 3,
    "digest": "sha256:00",
    "url": "http://gateway/functions/area",
}


def saying(state: str = "live") -> str:
    """A cell that displays something, and then replaces it by what a publish says at its end."""
    record = {"state": state, "publication": PUBLICATION}
    return (
        "from IPython.display import display\n"
        "shown = display({'text/plain': 'building'}, raw=True, display_id=True)\n"
        f"shown.update({{'text/plain': 'live', {media.PUBLICATION!r}: {record!r}}}, raw=True)"
    )


def notebook(path: Path, *cells: str) -> str:
    made: Any = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Title")] + [nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    nbformat.write(made, path)
    return str(path)


def said(stderr: str) -> list[str]:
    """What the command itself said; kernels have their own warnings."""
    return [line for line in stderr.splitlines() if not line.startswith("[IPKernelApp]")]


def test_whole_notebooks_and_cells_are_two_things(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "work.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), path)
    for options, said in (
        (["--whole", "--cell", "f"], "--cell is for notebooks that are run here"),
        (["--whole", "--output", "x.ipynb"], "--output is for notebooks that are run here"),
        (["--name", "f"], "--name is for --whole"),
        (["--memory", "2GB"], "unrecognized arguments: --memory 2GB"),
        (["--timeout", "5m"], "--timeout 5m: write a number of seconds"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["publish", str(path), *options])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert main(["publish", str(path), "--whole", "--memory", "2GB", "--timeout", "7", "--dry-run"]) == 0
    assert "7 s per call, 2 GB memory" in capsys.readouterr().out
    assert main(["publish", str(path), "--whole", "--memory", "2parsec"]) == 1
    assert "--memory: " in capsys.readouterr().err


def test_what_the_cells_published_is_listed(run: Run, tmp_path: Path) -> None:
    path = notebook(tmp_path / "work.ipynb", "x = 1", saying())
    executed = tmp_path / "executed.ipynb"
    done = run("publish", path, "--output", str(executed))
    assert (done.returncode, said(done.stderr)) == (0, [])
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["FUNCTION", "VERSION", "STATE", "URL"],
        ["area", "3", "live", "http://gateway/functions/area"],
    ]
    result = nbformat.read(executed, as_version=4)
    assert [cell.get("execution_count") for cell in result.cells] == [None, 1, 2]
    assert publications(result) == [{"cell": 3, "state": "live", "publication": PUBLICATION}]


def test_the_same_for_a_program(run: Run, tmp_path: Path) -> None:
    done = run("publish", "--json", notebook(tmp_path / "work.ipynb", saying("unchanged")))
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "published": [{"cell": 2, "state": "unchanged", "publication": PUBLICATION}],
        "error": None,
    }


def test_a_cell_that_says_nothing_is_judged_by_the_functions_there_are(
    run: Run, tmp_path: Path, double: GatewayDouble
) -> None:
    double.add_function("old")
    double.add_function("area")
    code = f"""
import os
from jupyter_faas.client import connect
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.manifest import Manifest
assert (os.environ["FAAS_GATEWAY"], os.environ["FAAS_TOKEN"]) == ({double.url!r}, {TOKEN!r})
manifest = Manifest(name="area", entry="area", python="3.11", input_schema={{}})
connect().publish(Bundle(manifest, {{"handler.py": b""}}), {{}})
"""
    done = run("publish", "--gateway", double.url, "--json", notebook(tmp_path / "work.ipynb", code))
    assert done.returncode == 0, done.stdout + done.stderr
    (published,) = json.loads(done.stdout)["published"]
    assert published["publication"]["function"] == "area"
    assert published["publication"]["version"] == 2


def test_a_failing_cell(run: Run, tmp_path: Path) -> None:
    executed = tmp_path / "executed.ipynb"
    path = notebook(tmp_path / "work.ipynb", saying(), "\nx = 0\ny = 1 / x  # here\n", "z = 'not run'")
    done = run("publish", path, "--output", str(executed))
    assert done.returncode == 1
    assert "area" in done.stdout  # what was published before still is
    assert said(done.stderr) == [
        "Cell 3, line 3 failed; the cells after it did not run.",
        "    y = 1 / x  # here",
        "  ZeroDivisionError: division by zero",
    ]
    assert executed.exists()
    assert json.loads(run("publish", path, "--json").stdout)["error"] == {
        "cell": 3,
        "line": 3,
        "source": "y = 1 / x  # here",
        "exception": "ZeroDivisionError",
        "message": "division by zero",
    }


MAGIC = """
from IPython import get_ipython
def runs(line, cell):
    if not get_ipython().run_cell(cell, store_history=False).success:
        raise RuntimeError("nothing was published")
get_ipython().register_magic_function(runs, "cell")
"""


@pytest.mark.parametrize(
    ("cell", "line", "exception"),
    [
        ("%%runs\ndef f():\n    return 1\n\nf() / 0", 5, "ZeroDivisionError"),
        ("\n%%runs\n\n\n1 / 0", 5, "ZeroDivisionError"),
        ("def f():\n    x = )", 2, "SyntaxError"),
        ("def g(n):\n    return 1 / n\n\n[g(n) for n in (1, 0)]", 2, "ZeroDivisionError"),
        ("import json\njson.loads('{')", 2, "JSONDecodeError"),
    ],
)
def test_the_line_that_failed(run: Run, tmp_path: Path, cell: str, line: int, exception: str) -> None:
    done = run("publish", "--json", notebook(tmp_path / "work.ipynb", MAGIC, cell))
    error = json.loads(done.stdout)["error"]
    assert (error["cell"], error["line"], error["exception"]) == (3, line, exception)
    assert error["source"] == cell.splitlines()[line - 1].strip()


def test_a_notebook_that_does_not_load_the_extension(run: Run, tmp_path: Path) -> None:
    done = run("publish", notebook(tmp_path / "work.ipynb", "%%publish\ndef f(): pass"))
    assert done.returncode == 1
    assert "%load_ext jupyter_faas" in done.stderr


def test_a_cell_that_takes_too_long(run: Run, tmp_path: Path) -> None:
    done = run("publish", "--timeout", "1", notebook(tmp_path / "work.ipynb", "import time; time.sleep(60)"))
    assert done.returncode == 1
    assert "Timeout: The cell did not end within 1 s (--timeout)." in done.stderr


def test_a_kernel_that_dies(run: Run, tmp_path: Path) -> None:
    done = run("publish", notebook(tmp_path / "work.ipynb", "import os; os._exit(1)"))
    assert done.returncode == 1
    assert "KernelDied" in done.stderr


def test_nothing_to_publish(run: Run, tmp_path: Path) -> None:
    done = run("publish", notebook(tmp_path / "work.ipynb", "1 + 1"))
    assert done.returncode == 1
    assert "No function was published" in done.stderr


def test_what_is_no_notebook(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    path.write_text("{}")
    done = run("publish", str(path))
    assert done.returncode == 2
    assert "is not a notebook" in done.stderr


def test_a_kernel_that_is_not_installed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    notebook(path, "1")
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "None"}
    path.write_text(json.dumps(content))
    done = run("publish", str(path))
    assert done.returncode == 2
    assert "no-such-kernel" in done.stderr
    assert "jupyter kernelspec list" in done.stderr


def test_the_kernel_runs_in_the_notebooks_folder(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "data.txt").write_text("1")
    done = run("publish", notebook(folder / "work.ipynb", "open('data.txt').close()", saying()))
    assert done.returncode == 0, done.stderr


Source = tuple[str, dict[str, Any]]


def annotated(path: Path, *cells: Source) -> str:
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, metadata=metadata) for source, metadata in cells]
    )
    nbformat.write(made, path)
    return str(path)


COMMENT: Source = ("#| publish --timeout 5s\ndef one(x: int):\n    return x * k", {})
TAGGED: Source = ("def f():\n    return k", {"tags": ["publish"], "faas": {"name": "two", "public": True}})
PARAMETERS: Source = ("k = 1", {"tags": ["parameters"]})


def test_annotated_cells_are_published_after_they_ran(
    run: Run, tmp_path: Path, double: GatewayDouble
) -> None:
    path = annotated(tmp_path / "work.ipynb", PARAMETERS, COMMENT, TAGGED)
    executed = tmp_path / "executed.ipynb"
    done = run("publish", "--json", "--output", str(executed), path)
    assert done.returncode == 0, done.stderr
    published = json.loads(done.stdout)["published"]
    assert [(one["cell"], one["publication"]["function"]) for one in published] == [(2, "one"), (3, "two")]
    assert {Bundle.unpack(content).manifest.name for content in double.bundles.values()} == {"one", "two"}
    # The notebook holds what was shown, and none of our own cells.
    result = nbformat.read(executed, as_version=4)
    assert [cell.source for cell in result.cells] == [PARAMETERS[0], COMMENT[0], TAGGED[0]]
    assert "one version 1 is live" in result.cells[1].outputs[0].data["text/plain"]
    assert [cell.execution_count for cell in result.cells] == [1, 2, 3]


@pytest.mark.parametrize("options", [(), ("--no-execute",)])
def test_one_cell_with_parameters(
    run: Run, tmp_path: Path, double: GatewayDouble, options: tuple[str, ...]
) -> None:
    path = annotated(tmp_path / "work.ipynb", PARAMETERS, COMMENT, TAGGED)
    executed = tmp_path / "executed.ipynb"
    output = () if options else ("--output", str(executed))
    done = run("publish", *options, "--cell", "two", "--param", "k=[1]", *output, path)
    assert done.returncode == 0, done.stderr
    (content,) = double.bundles.values()
    bundle = Bundle.unpack(content)
    assert bundle.manifest.name == "two"
    assert b"k = [1]" in bundle.files["handler.py"]
    if options:
        assert run("publish", *options, "--output", str(executed), path).returncode == 2
    else:
        assert "faas_inserted" not in executed.read_text()
    missing = run("publish", *options, "--cell", "three", path)
    assert missing.returncode == 1
    assert "gives one named three (--cell)" in missing.stderr


@pytest.mark.parametrize("options", [(), ("--no-execute",)])
def test_a_dry_run_of_the_whole_notebook(
    run: Run, tmp_path: Path, double: GatewayDouble, options: tuple[str, ...]
) -> None:
    loads: Source = ("%load_ext jupyter_faas", {})
    magic: Source = ("%%publish\ndef three(): pass", {})
    path = annotated(tmp_path / "work.ipynb", PARAMETERS, COMMENT, loads, magic)
    done = run("publish", "--dry-run", "--json", *options, path)
    assert done.returncode == 0, done.stderr
    receipts = json.loads(done.stdout)["receipts"]
    assert [(one["cell"], one["receipt"]["function"]) for one in receipts] == [(2, "one"), (4, "three")]
    assert receipts[0]["receipt"]["signature"] == "one(x: int)"
    assert double.bundles == {}
    assert "Cell 2 would publish one:" in run("publish", "--dry-run", *options, path).stdout


def test_an_annotated_cell_that_cannot_be_published(run: Run, tmp_path: Path, double: GatewayDouble) -> None:
    path = annotated(tmp_path / "work.ipynb", ("#| publish\nx = 1", {}), COMMENT)
    done = run("publish", path)
    assert done.returncode == 1
    assert said(done.stderr)[:2] == ["Cell 1 failed; the cells after it did not run.", "    #| publish"]
    assert "AnnotationError: The cell defines no function." in done.stderr
    assert double.bundles == {}


def test_metadata_is_read_before_anything_runs(run: Run, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    first: Source = (f"open({str(ran)!r}, 'w')", {})
    wrong = ("def f(): pass", {"tags": ["publish"], "faas": {"tiemout": "5s"}})
    done = run("publish", annotated(tmp_path / "work.ipynb", first, wrong))
    assert done.returncode == 1
    assert "Cell 2: The cell's metadata faas has an unknown option 'tiemout'" in done.stderr
    assert not ran.exists()


@pytest.mark.parametrize(
    ("param", "says"),
    [
        ("k", "write NAME=VALUE"),
        ("kk=1", "assigns no kk; did you mean k?"),
        ("1=2", "write NAME=VALUE"),
    ],
)
def test_parameters_that_make_no_sense(run: Run, tmp_path: Path, param: str, says: str) -> None:
    path = annotated(tmp_path / "work.ipynb", PARAMETERS, COMMENT)
    done = run("publish", "--param", param, path)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    untagged = run("publish", "--param", "k=1", annotated(tmp_path / "work.ipynb", COMMENT))
    assert untagged.returncode == 2
    assert "no cell with the tag `parameters`" in untagged.stderr


INTERPRETER = """#!/bin/sh
case "$1 $2" in
"-c import sys; print(sys.prefix)") echo /elsewhere ;;
"-c import jupyter_faas.cli") exit {has_us} ;;
*) echo "there: $*"; exit 7 ;;
esac
"""


@pytest.mark.parametrize("option", ["--no-execute", "--whole"])
def test_the_python_of_the_notebooks_kernel_reads_it(run: Run, tmp_path: Path, option: str) -> None:
    python = tmp_path / "python-of-its-own"
    python.write_text(INTERPRETER.format(has_us=0))
    python.chmod(0o755)
    folder = tmp_path / "share" / "kernels" / "other"
    folder.mkdir(parents=True)
    spec = {"argv": [str(python), "-f", "{connection_file}"], "display_name": "Other", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    path = notebook(tmp_path / "work.ipynb", "1")
    content = json.loads(Path(path).read_text())
    content["metadata"]["kernelspec"] = {"name": "other", "language": "python", "display_name": "Other"}
    Path(path).write_text(json.dumps(content))
    done = run("publish", path, option, JUPYTER_PATH=str(tmp_path / "share"))
    assert (done.returncode, done.stdout) == (7, f"there: -m jupyter_faas.cli publish {path} {option}\n")
    python.write_text(INTERPRETER.format(has_us=1))
    done = run("publish", path, option, JUPYTER_PATH=str(tmp_path / "share"))
    assert done.returncode == 2
    assert f"the notebook's kernel other runs {python}, which has no jupyter-faas" in done.stderr
