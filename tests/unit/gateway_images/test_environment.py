"""Environments with real uv and a folder of wheels made here: no network, no container engine."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from jupyter_faas.gateway.engines.process import ProcessEngine
from jupyter_faas.gateway.images.builder import Environment, ImageBuilder
from jupyter_faas.gateway.images.installer import Target, install, resolve
from jupyter_faas.gateway.images.packages import LockCache, locked_packages
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.manifest import Manifest
from tests.support.distributions import make_project, make_sdist, make_wheel

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGET = Target(PYTHON, "linux/amd64", host_base=True)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that packages come from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder, "faas_below", "1.0")
    make_wheel(folder, "faas_above", "2.0", needs="faas_below>=1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def builder(folder: Path) -> ImageBuilder:
    return ImageBuilder(ProcessEngine(folder / "data", folder / "run", "test"), folder / "cache")


def environment(folder: Path, *requirements: str) -> Environment:
    return asyncio.run(builder(folder).environment(PYTHON, requirements, (), print))


def test_packages_are_locked_installed_and_importable(wheels: Path, tmp_path: Path) -> None:
    made = environment(tmp_path, "faas_above==2.0")
    assert made.packages == ("faas-above==2.0", "faas-below==1.0")
    assert made.reused is False
    assert "--hash=sha256:" in made.lock
    root = tmp_path / "data/images" / made.image.id.removeprefix("sha256:") / "root"
    packages = root / "opt/faas/packages"
    assert not (packages / "bin").exists()
    assert "bin/" not in (packages / "faas_above-2.0.dist-info/RECORD").read_text()
    (cached,) = (packages / "__pycache__").glob("faas_above.*.pyc")
    assert cached.read_bytes()[4:8] == b"\1\0\0\0"
    program = (
        f"import sys; sys.path.insert(0, {str(packages)!r}); import faas_above; print(faas_above.VERSION)"
    )
    command = [str(root / "venv/bin/python3"), "-I", "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2.0\n"


def test_the_same_environment_is_reused_and_made_once(wheels: Path, tmp_path: Path) -> None:
    async def both() -> list[Environment]:
        shared = builder(tmp_path)
        calls = [shared.environment(PYTHON, ["faas_above"], [], lines.append) for _ in range(2)]
        return list(await asyncio.gather(*calls))

    lines: list[str] = []
    first, second = asyncio.run(both())
    assert first.image == second.image
    assert sum("packages layer" in line for line in lines) == 1
    again = environment(tmp_path, "faas_above")
    assert again.reused is True
    assert again.image == first.image


def test_without_requirements_nothing_is_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uv.find_uv_bin", lambda: "/nonexistent/uv")
    made = environment(tmp_path)
    assert made.lock == ""
    assert made.packages == ()


def test_a_function_is_a_small_layer_and_deterministic(wheels: Path, tmp_path: Path) -> None:
    made = environment(tmp_path)
    manifest = Manifest(name="adder", entry="add", python=PYTHON, input_schema={}, doc="Adds.\nMore.")
    bundle = Bundle(manifest, {"handler.py": b"def add(): ...\n"})
    shared = builder(tmp_path)
    first = asyncio.run(shared.function(bundle, made, print))
    second = asyncio.run(shared.function(bundle, made, print))
    assert first == second
    assert first.digest == first.image.id
    assert first.tag.startswith("jupyter-faas/function:adder-")
    assert first.layer_bytes < 20_000
    assert first.image.labels["org.opencontainers.image.description"] == "Adds."
    assert first.image.labels["jupyter-faas.identity"] == bundle.identity
    assert list((tmp_path / "cache/layers").iterdir()) == []


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("faas_above==9", "A required version is not on the package index"),
        ("faas_missing", "A required package is not on the package index: faas-missing was not found"),
    ],
)
def test_a_failed_resolution_says_what_to_do(
    wheels: Path, tmp_path: Path, requirement: str, said: str
) -> None:
    with pytest.raises(BuildError, match=said) as caught:
        environment(tmp_path, requirement)
    assert caught.value.figures["step"] == "environment"
    assert caught.value.figures["log"]
    assert "--require" in caught.value.detail


def test_packages_that_contradict_each_other(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, "faas_below", "0.5")
    with pytest.raises(BuildError, match="contradict each other"):
        environment(tmp_path, "faas_above", "faas_below==0.5")


def test_a_password_in_a_requirement_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="holds a password") as caught:
        environment(tmp_path, "x @ https://me:hush@host/x.whl")
    assert "hush" not in str(caught.value.problem())


@pytest.mark.parametrize("text", ["-r /etc/passwd", "six\n--index-url http://host/", "six=1", "./six"])
def test_only_requirements_reach_the_installer(tmp_path: Path, text: str) -> None:
    with pytest.raises(BuildError, match="is not a requirement"):
        environment(tmp_path, "faas_above", text)


def test_an_index_that_is_down_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:hush@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError, match="could not be reached") as caught:
        environment(tmp_path, "faas_above")
    assert "127.0.0.1:9" in caught.value.detail
    assert "hush" not in str(caught.value.problem())


def test_locks_are_remembered(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock(*requirements: str) -> str:
        cache = LockCache(tmp_path / "locks")
        return asyncio.run(cache.lock(requirements, [], TARGET, print))

    first = lock("faas_above", "faas_below")
    monkeypatch.setattr("uv.find_uv_bin", lambda: "/nonexistent/uv")
    assert lock("faas_below", "faas_above") == first
    with pytest.raises(FileNotFoundError):
        lock("faas_below")
    assert [path.suffix for path in (tmp_path / "locks").iterdir()] == [".txt"]


def test_packages_are_read_from_a_lock() -> None:
    lock = "b==2 \\\n    --hash=sha256:00\na[x]==1 ; python_version > '3'\nc @ https://host/c.whl\n"
    lock += "./wheels/faas_d-1.0-py3-none-any.whl \\\n    --hash=sha256:00\n"
    assert locked_packages(lock) == ("a[x]==1", "b==2", "c @ https://host/c.whl", "faas-d==1.0")


def test_locks_of_ranges_are_made_again_after_a_day(wheels: Path, tmp_path: Path) -> None:
    def lock(*requirements: str) -> str:
        return asyncio.run(LockCache(tmp_path / "locks").lock(requirements, [], TARGET, print))

    assert "faas-below==1.0" in lock("faas_below>=1")
    assert "faas-below==1.0" in lock("faas_below==1.0")
    make_wheel(wheels, "faas_below", "1.1")
    assert "faas-below==1.0" in lock("faas_below>=1")
    for kept in (tmp_path / "locks").iterdir():
        os.utime(kept, (kept.stat().st_atime, kept.stat().st_mtime - 25 * 3600))
    assert "faas-below==1.1" in lock("faas_below>=1")
    wheels.joinpath("faas_below-1.0-py3-none-any.whl").unlink()  # a pinned one is not asked for again
    assert "faas-below==1.0" in lock("faas_below==1.0")


def test_a_wheel_that_travels_wins_over_the_index(wheels: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    path = make_wheel(own, "faas_above", "2.0")  # of the same version, but it needs nothing
    places = {f"wheels/{path.name}": path.read_bytes()}
    shared = builder(tmp_path)
    made = asyncio.run(shared.environment(PYTHON, ["faas_above==2.0"], [], print, places))
    assert made.packages == ("faas-above==2.0",)
    assert f"./wheels/{path.name}" in made.lock
    assert "--hash=sha256:" in made.lock
    root = tmp_path / "data/images" / made.image.id.removeprefix("sha256:") / "root/opt/faas"
    assert (root / "packages/faas_above.py").exists()
    assert (root / "requirements.lock").read_text() == made.lock
    other = environment(tmp_path, "faas_above==2.0")
    assert other.packages == ("faas-above==2.0", "faas-below==1.0")
    assert other.key != made.key


@pytest.mark.parametrize("native", [False, True])
def test_packages_without_wheels_are_built_here(wheels: Path, tmp_path: Path, native: bool) -> None:
    make_sdist(wheels, make_project(tmp_path / "projects", "faas_source", native))
    made = environment(tmp_path, "faas_source==1.0")
    root = tmp_path / "data/images" / made.image.id.removeprefix("sha256:") / "root"
    program = f"import sys; sys.path.insert(0, {str(root / 'opt/faas/packages')!r}); "
    program += "import faas_source; print(faas_source.answer())"
    command = [str(root / "venv/bin/python3"), "-I", "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "42\n"


def test_a_package_without_wheels_and_no_compiler(wheels: Path, tmp_path: Path) -> None:
    make_sdist(wheels, make_project(tmp_path / "projects", "faas_source", True, compiler="no-such-cc"))
    with pytest.raises(BuildError, match=r"faas-source==1\.0 has to be built .* has no compiler"):
        environment(tmp_path, "faas_source==1.0")


def test_a_package_without_wheels_for_another_platform(wheels: Path, tmp_path: Path) -> None:
    make_sdist(wheels, make_project(tmp_path / "projects", "faas_source"))
    other = Target(PYTHON, "linux/arm64" if TARGET.native else "linux/amd64")
    with pytest.raises(BuildError, match=r"it can't be built for that here: .*pip wheel"):
        asyncio.run(LockCache(tmp_path / "locks").lock(["faas_source"], [], other, print))


def test_a_local_version_that_no_index_has(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"special build .*faas-above==2\.0\+cpu.*extra-index-url"):
        environment(tmp_path, "faas_above==2.0+cpu")
    make_wheel(wheels, "faas_above", "2.0+cpu")
    assert environment(tmp_path, "faas_above==2.0+cpu").packages == ("faas-above==2.0+cpu",)


def test_a_repository_that_is_gone(wheels: Path, tmp_path: Path) -> None:
    commit = "0" * 40
    with pytest.raises(BuildError, match=r"could not be read: faas-gone @ git"):
        environment(tmp_path, f"faas-gone @ git+file://{tmp_path}/faas-gone@{commit}")


def test_another_platform_takes_ready_made_packages_only() -> None:
    other = "arm64" if TARGET.native else "amd64"
    assert "--only-binary" in Target(PYTHON, f"linux/{other}").arguments()
    assert "aarch64-manylinux_2_28" in Target("3.12", "linux/arm64").arguments()
    assert Target("3.7", "linux/amd64").native is False


@pytest.fixture
def asked(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An index that notes what it is asked for, in place of the folder."""
    seen: list[str] = []
    pages = {
        f"/simple/{name.replace('_', '-')}/": "".join(
            f'<a href="/{path.name}">{path.name}</a>' for path in wheels.glob(f"{name}-*")
        ).encode()
        for name in ("faas_above", "faas_below")
    }
    files = {f"/{path.name}": path.read_bytes() for path in wheels.iterdir()}

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            content = {**pages, **files}.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html" if self.path in pages else "application/zip")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/simple")
    yield seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("constraints", "asks"), [(["faas_below==1.0"], False), ([], True)])
def test_the_index_is_only_asked_for_what_it_may_answer_otherwise(
    asked: list[str], tmp_path: Path, constraints: list[str], asks: bool
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    locks = []
    for folder in (first, second):
        folder.mkdir()
        asked.clear()
        locks.append(asyncio.run(resolve(["faas_above==2.0"], constraints, TARGET, folder)))
        assert ("/simple/faas-above/" in asked) is (asks or folder is first)
        asked.clear()
        asyncio.run(install(locks[-1], {}, TARGET, folder, folder / "packages", print))
        assert (folder / "packages" / "faas_below.py").exists()
    assert locks[0] == locks[1]
    assert asked == [], "what is in uv's cache is installed from there"
