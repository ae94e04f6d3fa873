"""A notebook file as a function: what goes along, and what is refused with its place."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_faas.kernel.whole.capture import DEFAULT_CAPS, FORMS, Proof, capture_notebook
from jupyter_faas.model.errors import AnnotationError, CaptureError, FaasError
from jupyter_faas.model.manifest import HANDLER_FILE, NOTEBOOK_FILE
from runtime.notebook.run import Run


def code(source: str, *tags: str) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def written(folder: Path, *cells: Any, name: str = "My report 2.ipynb", **metadata: Any) -> Path:
    path = folder / name
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def refusal(path: Path, *words: str, error: type[FaasError] = CaptureError, **proof: Any) -> str:
    with pytest.raises(error) as caught:
        capture_notebook(path, words, Proof(**proof))
    return caught.value.detail


def test_what_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "beside_whole.py").write_text("import orjson\n")
    (tmp_path / "rows.csv").write_text("a\n1\n")
    path = written(
        tmp_path,
        nbformat.v4.new_markdown_cell("# The report\n\nof all rows"),
        code("n: int = 3  # rows", "parameters"),
        code(
            "%load_ext jupyter_faas\n%matplotlib inline\n%pip install -q 'traitlets>=5' docker # why\n"
            "import beside_whole"
        ),
        code("%%time\nimport polars.selectors as s\n!ls\nopen('rows.csv')"),
        code("import nothing_of_the_kind", "skip-execution"),
        faas={"memory": "2GB", "name": "weekly"},
    )
    captured = capture_notebook(path, ["--timeout", "9s", "--file", "rows.csv"])
    manifest, files = captured.bundle.manifest, captured.bundle.files
    assert (manifest.name, manifest.doc) == ("weekly", "The report\n\nof all rows")
    assert manifest.caps == DEFAULT_CAPS.model_copy(
        update={"memory_bytes": 2 * 10**9, "timeout_seconds": 9.0}
    )
    assert manifest.notebook is not None
    assert manifest.notebook.language == "python"
    assert set(files) == {HANDLER_FILE, NOTEBOOK_FILE, "beside_whole.py", "rows.csv"}
    names = {requirement.partition("=")[0].partition(">")[0] for requirement in manifest.requirements}
    expected = {"ipykernel", "nbclient", "nbconvert", "orjson", "papermill", "polars", "traitlets", "docker"}
    assert names == expected
    text = captured.receipt.text()
    assert "weekly(n: int = 3)" in text
    assert "n  parameter, cell 2, line 1: rows" in text
    assert "cell 4 runs a command (!ls)" in text
    assert "9 s per call, 2 GB memory" in text
    assert manifest.proof == ">>> run.prove({})\n"
    assert compile(files[HANDLER_FILE], "handler.py", "exec")
    assert b"'n': int" in files[HANDLER_FILE]


@pytest.mark.parametrize(
    ("first", "early"),
    [
        ("1", ["polars", "orjson.loads"]),
        ("%env POLARS_MAX_THREADS=1", []),
        ("import os; os.environ['X'] = ''", []),
    ],
)
def test_what_a_kernel_imports_before_its_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, early: list[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "beside_early.py").write_text("")
    maybe = "if x:\n    import numpy\ntry:\n    import httpx\nexcept ImportError: pass"
    path = written(
        tmp_path,
        code(first),
        code("import polars as pl, json, beside_early\nfrom orjson import loads"),
        code(f"import polars\ndef f():\n    import pandas\nx = 1\n{maybe}"),
    )
    handler = ast.parse(capture_notebook(path, []).bundle.files[HANDLER_FILE])
    said = handler.body[-1]
    assert isinstance(said, ast.Assign)
    assert ast.unparse(said.targets[0]) == "run.early"
    assert ast.literal_eval(said.value) == early


def test_running_it_again_publishes_nothing_new(tmp_path: Path) -> None:
    cell = code("1 + 1")
    first = capture_notebook(written(tmp_path, cell), [])
    cell.execution_count, cell.outputs = 7, [nbformat.v4.new_output("stream", text="2")]
    again = capture_notebook(written(tmp_path, cell, language_info={"name": "python"}), [])
    assert again.bundle.identity == first.bundle.identity
    assert first.bundle.manifest.name == "My-report-2"
    assert "papermill" not in str(first.bundle.manifest.requirements)  # nothing to put in
    older = json.loads(written(tmp_path, cell, name="old.ipynb").read_text())
    del older["cells"][0]["id"]
    older["nbformat_minor"] = 4
    (tmp_path / "old.ipynb").write_text(json.dumps(older))
    cells = json.loads(capture_notebook(tmp_path / "old.ipynb", []).bundle.files[NOTEBOOK_FILE])["cells"]
    assert cells[0]["id"] == "cell-1"


def test_the_cell_of_parameters(tmp_path: Path) -> None:
    tagged = code("x = 1", "parameters")
    assert "Cells 1 and 3 are tagged `parameters`" in refusal(
        written(tmp_path, tagged, code("2"), code("y = 1", "parameters"))
    )
    text = nbformat.v4.new_markdown_cell("x", metadata={"tags": ["parameters"]})
    assert "Cell 1 is tagged `parameters` and is no code" in refusal(written(tmp_path, text))
    assert "(cell 2) can't be read as parameters:\n- line 1: `import os`" in refusal(
        written(tmp_path, code("1"), code("import os", "parameters"))
    )
    assert "rename yours" in refusal(written(tmp_path, code("hide_input = 1", "parameters")))
    julia = {"name": "julia-1.10", "language": "julia", "display_name": "Julia"}
    assert "notebook in julia can't be read (cell 1)" in refusal(written(tmp_path, tagged, kernelspec=julia))
    untagged = capture_notebook(written(tmp_path, code("x = 1"), kernelspec=julia), [])
    assert "no cell is tagged `parameters`" in untagged.receipt.text()
    assert "ipykernel" not in str(untagged.bundle.manifest.requirements)


def test_the_proof(tmp_path: Path) -> None:
    path = written(tmp_path, code("x: int\ny = 2", "parameters"))
    unproven = capture_notebook(path, [])
    assert unproven.bundle.manifest.proof == ""
    assert "x has no default: --param x=VALUE gives one" in unproven.receipt.text()
    proven = capture_notebook(path, [], Proof(values={"x": "'"}))
    assert proven.bundle.manifest.proof == ">>> run.prove({'x': \"'\"})\n"
    assert capture_notebook(path, [], Proof(run=False)).bundle.manifest.proof == ""
    assert "--param z: the notebook's parameters are: x, y." in refusal(
        path, error=AnnotationError, values={"z": 1}
    )


def test_cells_that_cannot_run(tmp_path: Path) -> None:
    path = written(tmp_path, code("%%sql\nselect 1"), code("x ="), code("import no_such_module_at_all"))
    detail = refusal(path)
    assert "- cell 1: %%sql is no magic of IPython, and no %load_ext before it brings one." in detail
    assert "- cell 2: it isn't Python (invalid syntax, line 1)." in detail
    missing = written(
        tmp_path,
        code("import no_such_module_at_all"),
        code("try:\n import nor_this\nexcept ImportError: pass"),
    )
    detail = refusal(missing)
    assert "no_such_module_at_all (module), import in cell 1: it isn't installed here" in detail
    assert "nor_this" not in detail
    assert capture_notebook(missing, ["--require", "no-such-module-at-all==1"]).bundle
    assert "name the file with --environment instead" in refusal(
        written(tmp_path, code("%pip install -r requirements.txt"))
    )


def test_options_that_make_no_sense(tmp_path: Path) -> None:
    path = written(tmp_path, code("1"))
    for words in (
        ["--entry", "f"],
        ["--input", "x"],
        ["--output", "x"],
        ["--check", "f()"],
        ["--freeze", "x"],
    ):
        assert "this is for functions in cells" in refusal(path, *words, error=AnnotationError)
    wrong = written(tmp_path, code("1"), faas={"timeuot": "5s"})
    assert "The notebook's metadata faas has an unknown option 'timeuot': did you mean 'timeout'?" in refusal(
        wrong, error=AnnotationError
    )
    assert "can't be read: No such file" in refusal(tmp_path / "none.ipynb", error=AnnotationError)
    (tmp_path / "text.ipynb").write_text("no JSON")
    assert "is not a notebook" in refusal(tmp_path / "text.ipynb", error=AnnotationError)


def test_its_forms_are_those_that_a_run_has() -> None:
    assert Run.forms == FORMS
