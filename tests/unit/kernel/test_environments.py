"""``--environment``: requirement files, projects and script blocks."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from jupyter_faas.kernel.environments import declared_in
from jupyter_faas.model.errors import AnnotationError
from tests.support.distributions import make_wheel
from tests.unit.kernel.notebook import Notebook

BLOCK = '# /// script\n# requires-python = ">=3.8"\n# dependencies = ["numpy>=1.20", "six"]\n# ///\n'


def names(folder: Path, text: str) -> list[str]:
    return [str(one) for one in declared_in(text, [folder], []).requirements]


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)


def test_requirements_txt(tmp_path: Path) -> None:
    write(tmp_path, "more.txt", "six\n-c limits.txt\n")
    write(tmp_path, "limits.txt", "numpy<3\n")
    write(
        tmp_path,
        "requirements.txt",
        "# ours\n--index-url https://me:hush@host/simple\npandas >= 2 # why\n-r more.txt\n"
        'numpy==1.26.0 ; python_version < "3" \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n',
    )
    declared = declared_in("requirements.txt", [tmp_path], [])
    assert [str(one) for one in declared.requirements] == [
        "pandas>=2",
        "six",
        'numpy==1.26.0; python_version < "3"',
    ]
    assert [str(one) for one in declared.constraints] == ["numpy<3"]
    (warning,) = declared.warnings
    assert "--index-url, --hash is not taken over" in warning
    assert "hush" not in warning


def test_a_wheel_beside_requirements_txt(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "faas_wheel", "1.0")
    write(tmp_path, "requirements.txt", f"./{wheel.name}\n")
    assert names(tmp_path, "requirements.txt") == [f"faas_wheel @ {wheel.as_uri()}"]


def test_pyproject_toml_with_groups(tmp_path: Path) -> None:
    write(
        tmp_path,
        "pyproject.toml",
        '[project]\ndependencies = ["six"]\n[project.optional-dependencies]\nTable_s = ["pandas>2"]\n',
    )
    assert names(tmp_path, "pyproject.toml") == ["six"]
    assert names(tmp_path, "pyproject.toml[table-s]") == ["six", "pandas>2"]


def test_script_blocks(tmp_path: Path) -> None:
    write(tmp_path, "job.py", f"#!/usr/bin/env python\n{BLOCK}\nimport six\n")
    assert names(tmp_path, "job.py") == ["numpy>=1.20", "six"]
    declared = declared_in("notebook", [tmp_path], ["x = 1", BLOCK, BLOCK.replace("six", "pandas")])
    assert [str(one) for one in declared.requirements] == ["numpy>=1.20", "six"]


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        ("gone.txt", None, "there is no file gone.txt in"),
        ("notebook", None, "no cell that has run has a script block"),
        ("a.txt", "numpy=>1", "'numpy=>1' is not a requirement"),
        ("a.txt", "-e .", "build a wheel"),
        ("a.txt", "-r a.txt", "includes itself"),
        ("a.txt", "-r gone.txt", "can't be read"),
        ("a.txt", "./gone-1.0-py3-none-any.whl", "can't be read"),
        ("a.txt[x]", "six", "only a pyproject.toml has groups"),
        ("environment.yml", "dependencies: [six]", "Write what pip would install of it into"),
        ("a.toml", "[project", "not TOML"),
        ("a.toml", "[project]\ndependencies = 'six'", "not a list of texts"),
        ("a.toml", "[project]\ndynamic = ['dependencies']", "dynamic"),
        ("a.toml[x]", "[project.optional-dependencies]\ny = []", "no group 'x'. It has y"),
        ("a.toml", "[project]\nrequires-python = '<3.8'", "it wants Python <3.8, and this kernel runs 3"),
        ("a.toml", "[project]\nrequires-python = 'new'", "not a version specifier"),
        ("a.py", "import six", "no script block"),
        ("a.py", f"{BLOCK}\n{BLOCK}", "2 script blocks"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, content: str | None, said: str) -> None:
    if content is not None:
        write(tmp_path, text.partition("[")[0], content)
    with pytest.raises(AnnotationError) as caught:
        declared_in(text, [tmp_path], [])
    assert caught.value.detail.startswith(f"--environment {text}: ")
    assert said in caught.value.detail


def test_it_replaces_pins_and_misses_are_added(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "requirements.txt", "pandas>=1\npandas<9\nsix\n")
    notebook.run("import pandas as pd\nimport yaml")
    body = "def f():\n    return yaml.safe_dump(list(pd.DataFrame([[1]]).columns))"
    captured = notebook.capture(body, "--environment requirements.txt --require six==1.16.0")
    manifest = captured.bundle.manifest
    pyyaml = f"PyYAML=={metadata.version('PyYAML')}"
    assert manifest.requirements == ("pandas<9,>=1", pyyaml, "six==1.16.0")
    assert not any(text.startswith("numpy") for text in manifest.constraints)
    warnings = "\n".join(captured.receipt.warnings)
    assert "requirements.txt does not have PyYAML (import yaml): added" in warnings
    assert "not pinned" in warnings
    assert f"pandas<9,>=1 (this kernel runs {metadata.version('pandas')})" in warnings
    text = captured.receipt.text()
    for line in ("pandas<9,>=1  requirements.txt", f"{pyyaml}  import yaml", "six==1.16.0  --require"):
        assert line in text


def test_a_script_block_in_a_cell(notebook: Notebook) -> None:
    notebook.run(BLOCK, "import numpy as np")
    captured = notebook.capture("def f():\n    return float(np.pi)", "--environment notebook")
    assert captured.bundle.manifest.requirements == ("numpy>=1.20", "six")
    assert "numpy>=1.20  notebook" in captured.receipt.text()


def test_a_marker_of_another_platform_does_not_cover_the_import(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "requirements.txt", 'numpy>=1 ; sys_platform == "win32"\n')
    notebook.run("import numpy as np")
    captured = notebook.capture("def f():\n    return float(np.pi)", "--environment requirements.txt")
    assert captured.bundle.manifest.requirements == (
        f"numpy=={metadata.version('numpy')}",
        'numpy>=1; sys_platform == "win32"',
    )


def test_what_packages_bring_along_is_summed_up(notebook: Notebook) -> None:
    notebook.run("import pandas as pd")
    text = notebook.capture("def f():\n    return pd.__version__").receipt.text()
    assert "needed by pandas, at this kernel's versions" in text
    assert "python-dateutil" in text
