"""Modules to distributions, at the kernel's versions."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from jupyter_faas.kernel.origins import Origins
from jupyter_faas.kernel.requirements import requirements_of
from jupyter_faas.model.errors import AnnotationError
from tests.unit.kernel.notebook import Notebook


def pin(name: str) -> str:
    return f"{name}=={metadata.version(name)}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path that counts as installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr("site.getsitepackages", lambda: [str(folder)])
    return folder


def install(site: Path, name: str, version: str, files: list[str], requires: str = "") -> None:
    """What pip would leave of a distribution."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in [*files, f"{info.name}/METADATA"]))
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text("")


def test_numpy_and_pandas_are_pinned_with_what_they_bring(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\nimport numpy as np")
    body = "def f(rows: list[dict]):\n    return float(np.sum(pd.DataFrame(rows)['a']))"
    captured = notebook.capture(body)
    manifest = captured.bundle.manifest
    assert manifest.requirements == (pin("numpy"), pin("pandas"))
    assert pin("python-dateutil") in manifest.constraints
    assert not any(text.startswith(("numpy", "pandas")) for text in manifest.constraints)
    assert captured.receipt.packages[1].why == "import pandas as pd"
    assert notebook.call(captured.bundle, rows=[{"a": 1}, {"a": 2}]) == 3.0


def test_only_what_is_used_is_required(notebook: Notebook) -> None:
    notebook.run("import pandas as pd, numpy as np, IPython")
    assert notebook.capture("def f(x: int):\n    return x").bundle.manifest.requirements == ()


def test_lazy_imports_count(notebook: Notebook) -> None:
    captured = notebook.capture(
        "def f():\n    import numpy.linalg\n    from yaml import safe_load\n    return 1"
    )
    assert captured.bundle.manifest.requirements == (pin("numpy"), pin("PyYAML"))
    assert captured.receipt.packages[0].why == "import in f"


def test_star_submodule_and_own_name_imports(notebook: Notebook) -> None:
    notebook.run(
        "from math import *\nimport os.path\nimport xml.dom\nimport xml.etree.ElementTree",
        "import importlib\nnp = importlib.import_module('numpy')\nmean = np.mean",
    )
    body = (
        "def f():\n    name = xml.etree.ElementTree.__name__\n"
        "    return [sqrt(4), os.path.basename('/a/b'), name, float(mean([1, 2]))]"
    )
    captured = notebook.capture(body)
    imports = captured.bundle.files["handler.py"].decode().split("\n\n")[0].splitlines()
    assert imports == [
        "from math import sqrt",
        "from numpy import mean",
        "import os.path",
        "import xml.dom",
        "import xml.etree.ElementTree",
    ]
    assert notebook.call(captured.bundle) == [2.0, "b", "xml.etree.ElementTree", 1.5]


def test_the_branch_of_a_guarded_import_that_ran(notebook: Notebook) -> None:
    notebook.run("try:\n    import not_there as codec\nexcept ImportError:\n    import json as codec")
    captured = notebook.capture("def f():\n    return codec.loads('1')")
    assert captured.bundle.files["handler.py"].startswith(b"import json as codec\n")


def test_namespace_packages_are_told_apart(site: Path) -> None:
    install(site, "faasns-storage", "1.0", ["faasns/cloud/storage/__init__.py"])
    install(site, "faasns-query", "2.0", ["faasns/cloud/query.py"])
    origins = Origins()
    assert origins.of("faasns.cloud.storage").distributions == ("faasns-storage",)
    assert origins.of("faasns.cloud.query").distributions == ("faasns-query",)
    assert origins.of("faasns.cloud").distributions == ("faasns-query", "faasns-storage")


def test_require_overrides_and_adds(notebook: Notebook) -> None:
    notebook.run("import numpy as np")
    line = "--require 'NumPy>=1.26' --require 'pandas' --require 'not-installed'"
    captured = notebook.capture("def f():\n    return np.pi", line)
    assert captured.bundle.manifest.requirements == ("not-installed", "NumPy>=1.26", pin("pandas"))
    assert any("not-installed has no version" in warning for warning in captured.receipt.warnings)


def test_bad_requirement() -> None:
    with pytest.raises(AnnotationError, match="is not a requirement"):
        requirements_of({}, {}, ["numpy=>1"])
    with pytest.raises(AnnotationError, match="names NumPy twice: write one option"):
        requirements_of({}, {}, ["numpy>1", "NumPy<3"])


def test_an_extra_that_is_not_there_is_warned_of() -> None:
    (warning,) = requirements_of({}, {}, ["pydantic[email,phone]"]).warnings
    assert "has no extra phone, which brings nothing: it has email" in warning


def test_extras_and_markers_are_followed(site: Path) -> None:
    install(
        site,
        "faas-a",
        "1.0",
        ["faas_a.py"],
        'Requires-Dist: faas-b[x]\nRequires-Dist: faas-no; python_version<"3"\n',
    )
    install(
        site, "faas-b", "2.0", ["faas_b.py"], 'Provides-Extra: x\nRequires-Dist: faas-c>=1; extra == "x"\n'
    )
    install(site, "faas-c", "3.0", ["faas_c.py"], "Requires-Dist: faas-a\n")
    packages = requirements_of({"faas_a": Origins().of("faas_a")}, {"faas_a": "import faas_a"}, [])
    assert [package.requirement for package in packages.direct] == ["faas-a==1.0"]
    assert packages.constraints == ("faas-b==2.0", "faas-c==3.0")
    assert packages.needs == {"faas-a": ["faas-b", "faas-c"]}


def test_local_versions_are_pinned_as_they_are(site: Path) -> None:
    install(site, "faas-torch", "2.13.0+cpu", ["faas_torch.py"])
    packages = requirements_of({"faas_torch": Origins().of("faas_torch")}, {"faas_torch": "import"}, [])
    assert [package.requirement for package in packages.direct] == ["faas-torch==2.13.0+cpu"]


def test_network_library_without_network(notebook: Notebook) -> None:
    notebook.run("import urllib.request")
    body = "def f():\n    return urllib.request.Request('http://h/').host"
    assert any("--network egress" in warning for warning in notebook.capture(body).receipt.warnings)
    assert not notebook.capture(body, "--network egress").receipt.warnings
