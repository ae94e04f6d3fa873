"""Packages that are in no index: a local wheel, a repository, and one that is installed for editing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.corpus import Run
from tests.support.distributions import make_project, make_repository, make_wheel, pip_install

CLAUSES = (
    "requirements: wheels and repositories",
    "requirements: --require and extras",
    "local code: editable installs",
)

# The rest of the wheel's metadata: an extra that brings a package.
EXTRA = "six==1.16.0; extra == 'more'\nProvides-Extra: more"


def prepare(folder: Path) -> dict[str, str]:
    """The environment of a kernel that has them installed, which this does."""
    site, made = folder / "site-packages", folder / "made"
    committed, edited = make_project(made, "faas_committed"), make_project(made, "faas_edited")
    make_repository(committed)
    pip_install(site, str(make_wheel(made, "faas_travels", "1.5", EXTRA)), f"git+file://{committed}")
    info = site / "faas_edited-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faas_edited\nVersion: 1.0\n")
    (info / "RECORD").write_text("")
    origin = {"url": f"file://{edited}", "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    return {"PYTHONPATH": f"{site}:{edited}"}


def verify(run: Run) -> None:
    assert run.call("elsewhere") == ["1.5", 42, 42, True]
    packages = run.gateway.client.function("elsewhere")["packages"]
    assert packages[0].startswith(f"faas-committed @ git+file://{run.folder}/made/faas_committed@")
    assert packages[1:] == ["faas-travels==1.5", "six==1.16.0"]
    lock = run.gateway.request("GET", "/api/v1/functions/elsewhere/lock").json["lock"]
    assert "./wheels/faas_travels-1.5-py3-none-any.whl \\\n    --hash=sha256:" in lock
    assert "faas_edited.py" in run.text("elsewhere")
