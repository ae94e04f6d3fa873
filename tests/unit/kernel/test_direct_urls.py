"""Distributions that came from no index, installed by the real pip (PEP 610)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jupyter_faas.kernel.origins import Origins
from jupyter_faas.kernel.requirements import Packages, requirements_of
from jupyter_faas.model.bundle import digest_of
from jupyter_faas.model.errors import CaptureError, MalformedRequest
from tests.support.distributions import (
    make_project,
    make_repository,
    make_sdist,
    make_wheel,
    pip_install,
)
from tests.unit.kernel.notebook import Notebook


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path that counts as installed; nothing of it has been imported."""
    for module in [name for name in sys.modules if name.startswith("faas_")]:
        monkeypatch.delitem(sys.modules, module)
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr("site.getsitepackages", lambda: [str(folder)])
    return folder


def used(module: str, *required: str) -> Packages:
    """The requirements of a function that imports ``module``."""
    return requirements_of({module: Origins().of(module)}, {module: f"import {module}"}, required)


def test_a_repository_at_its_commit(site: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path, "faas_vcs")
    commit = make_repository(project)
    pip_install(site, f"git+file://{project}")
    (package,) = used("faas_vcs").direct
    assert package.requirement == f"faas_vcs @ git+file://{project}@{commit}"
    assert package.wheel is None
    assert package.why == "import faas_vcs"


def test_a_repository_with_a_subdirectory_and_extras(site: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_project(root, "faas_vcs")
    commit = make_repository(root)
    pip_install(site, f"git+file://{root}#subdirectory=faas_vcs")
    (package,) = used("faas_vcs", "faas_vcs[fast]").direct
    assert package.requirement == f"faas_vcs[fast] @ git+file://{root}@{commit}#subdirectory=faas_vcs"
    assert package.why == "--require"


def test_a_local_wheel_travels(notebook: Notebook, site: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "faas_wheel", "1.5")
    pip_install(site, str(wheel))
    notebook.run("import faas_wheel")
    bundle = notebook.capture("def f():\n    return faas_wheel.VERSION").bundle
    assert bundle.manifest.requirements == ("faas_wheel==1.5",)
    assert bundle.wheels == {f"wheels/{wheel.name}": wheel.read_bytes()}
    assert bundle.manifest.wheels == {f"wheels/{wheel.name}": digest_of(wheel.read_bytes())}
    assert type(bundle).unpack(bundle.pack()).wheels == bundle.wheels
    forged = type(bundle)(bundle.manifest, {**bundle.files, f"wheels/{wheel.name}": b"another"})
    with pytest.raises(MalformedRequest, match=r"no wheels/faas_wheel.* with the digest sha256:"):
        type(bundle).unpack(forged.pack())


def test_a_local_wheel_that_another_package_needs(site: Path, tmp_path: Path) -> None:
    pip_install(site, str(make_wheel(tmp_path, "faas_below", "1.0")))
    pip_install(site, "--find-links", str(tmp_path), "faas_below", "--upgrade")
    below = make_wheel(tmp_path, "faas_wheel", "1.5")
    pip_install(site, str(below))
    index = tmp_path / "index"
    index.mkdir()
    make_wheel(index, "faas_top", "2.0", needs="faas_wheel>=1")
    pip_install(site, "--find-links", str(index), "faas_top")
    packages = used("faas_top")
    assert [(one.requirement, one.why) for one in packages.direct] == [
        ("faas_top==2.0", "import faas_top"),
        ("faas_wheel==1.5", "needed by faas-top"),
    ]
    assert packages.wheels == {f"wheels/{below.name}": below.read_bytes()}
    assert packages.constraints == ()


@pytest.mark.parametrize("fate", ["gone", "changed"])
def test_a_local_wheel_that_is_no_more(site: Path, tmp_path: Path, fate: str) -> None:
    wheel = make_wheel(tmp_path, "faas_wheel", "1.5")
    pip_install(site, str(wheel))
    wheel.write_bytes(b"another") if fate == "changed" else wheel.unlink()
    says = "is not the one that was installed" if fate == "changed" else "can't be read"
    with pytest.raises(CaptureError, match=says) as caught:
        used("faas_wheel")
    assert str(wheel) in caught.value.detail
    assert caught.value.figures["names"][0]["name"] == "faas_wheel"
    (package,) = used("faas_wheel", "faas_wheel==1.4").direct
    assert package.requirement == "faas_wheel==1.4"


def test_a_local_folder_is_refused_with_what_to_do(site: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path, "faas_folder")
    pip_install(site, str(project))
    with pytest.raises(CaptureError, match=r"pip wheel .*faas_folder.*--require") as caught:
        used("faas_folder")
    assert str(project) in caught.value.detail


def test_a_local_source_archive_is_refused(site: Path, tmp_path: Path) -> None:
    archive = make_sdist(tmp_path, make_project(tmp_path, "faas_source"))
    pip_install(site, str(archive))
    with pytest.raises(CaptureError, match="is no wheel, and only wheels go along"):
        used("faas_source")


def test_all_refusals_come_at_once(site: Path, tmp_path: Path) -> None:
    modules = ("faas_one", "faas_two")
    for name in modules:
        pip_install(site, str(make_project(tmp_path, name)))
    origins = {module: Origins().of(module) for module in modules}
    with pytest.raises(CaptureError, match="2 things that f uses can't be published") as caught:
        requirements_of(origins, dict.fromkeys(modules, "import"), [], entry="f")
    assert [name["name"] for name in caught.value.figures["names"]] == list(modules)


def test_an_archive_of_another_machine_keeps_its_url_and_digest(site: Path, tmp_path: Path) -> None:
    pip_install(site, str(make_wheel(tmp_path, "faas_wheel", "1.5")))
    record = next(site.glob("faas_wheel-*.dist-info")) / "direct_url.json"
    url = "https://example.org/faas_wheel-1.5-py3-none-any.whl"
    record.write_text(json.dumps({"url": url, "archive_info": {"hash": f"sha256={'0' * 64}"}}))
    assert used("faas_wheel").direct[0].requirement == f"faas_wheel @ {url}#sha256={'0' * 64}"


def test_what_conda_installed_is_taken_from_an_index(site: Path, tmp_path: Path) -> None:
    pip_install(site, str(make_wheel(tmp_path, "faas_wheel", "1.5")))
    info = next(site.glob("faas_wheel-*.dist-info"))
    (info / "INSTALLER").write_text("conda\n")
    (info / "direct_url.json").write_text(json.dumps({"url": "file:///croot/work", "dir_info": {}}))
    (package,) = used("faas_wheel").direct
    assert (package.requirement, package.wheel) == ("faas_wheel==1.5", None)


def test_a_wheel_named_by_its_address(site: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "faas_wheel", "1.5")
    packages = requirements_of({}, {}, [f"faas_wheel[x] @ {wheel.as_uri()}"])
    assert packages.direct[0].requirement == "faas_wheel[x]==1.5"
    assert packages.wheels == {f"wheels/{wheel.name}": wheel.read_bytes()}
