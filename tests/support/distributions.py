"""Wheels, source distributions and repositories made here: no network, no index."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

_BACKEND = """
import os, subprocess, sys, sysconfig, zipfile

NAME, SOURCE, COMPILER = {name!r}, {source!r}, {compiler!r}


def build_wheel(directory, config_settings=None, metadata_directory=None):
    path, tag = SOURCE, "py3-none-any"
    if SOURCE.endswith(".c"):
        path = NAME + sysconfig.get_config_var("EXT_SUFFIX")
        include = sysconfig.get_paths()["include"]
        subprocess.run([COMPILER, "-shared", "-fPIC", "-I" + include, SOURCE, "-o", path], check=True)
        tag = "cp%d%d-cp%d%d-linux_x86_64" % (sys.version_info[:2] * 2)
    info = NAME + "-1.0.dist-info/"
    wheel = NAME + "-1.0-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(directory, wheel), "w") as archive:
        archive.writestr(path, open(path, "rb").read())
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % NAME)
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: %s\\n" % tag)
        archive.writestr(info + "RECORD", "")
    return wheel
"""
_PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "1.0"
"""
_EXTENSION = """#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) {{ return PyLong_FromLong(42); }}
static PyMethodDef methods[] = {{{{"answer", answer, METH_NOARGS, 0}}, {{0}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{name}", 0, -1, methods}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModule_Create(&module); }}
"""


def make_wheel(folder: Path, name: str, version: str, needs: str = "", source: str = "") -> Path:
    """A wheel with one module, of this ``source`` after its ``VERSION``, and one command."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n{source}",
        f"{info}/METADATA": metadata + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-run = {name}:VERSION\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    wheel_file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel_file, "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return wheel_file


def make_project(folder: Path, name: str, native: bool = False, compiler: str = "gcc") -> Path:
    """A project with one module whose ``answer()`` is 42, in Python or in C, and a build backend inside."""
    source = f"{name}.c" if native else f"{name}.py"
    project = folder / name
    project.mkdir(parents=True)
    (project / source).write_text(_EXTENSION.format(name=name) if native else "def answer(): return 42\n")
    (project / "backend.py").write_text(_BACKEND.format(name=name, source=source, compiler=compiler))
    (project / "pyproject.toml").write_text(_PROJECT.format(name=name))
    (project / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    return project


def make_sdist(folder: Path, project: Path) -> Path:
    """The source distribution of a project of ``make_project``."""
    name = f"{project.name}-1.0"
    archive_file = folder / f"{name}.tar.gz"
    with tarfile.open(archive_file, "w:gz") as archive:
        for path in sorted(project.iterdir()):
            if path.is_file():
                member = tarfile.TarInfo(f"{name}/{path.name}")
                member.size = path.stat().st_size
                archive.addfile(member, io.BytesIO(path.read_bytes()))
    return archive_file


def make_repository(project: Path) -> str:
    """Make ``project`` a git repository; its commit."""

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "All")
    return git("rev-parse", "HEAD").strip()


def pip_install(site: Path, *what: str) -> None:
    """What pip makes of installing ``what`` into the folder ``site``."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    subprocess.run([*command, str(site), *what], check=True, capture_output=True, text=True)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
