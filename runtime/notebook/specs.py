"""Which kernel of the image runs a notebook, and how it is started."""

from __future__ import annotations

import os
import sys

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from ..outcomes import CallFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

PYTHON = "python"


def set_folders(root: str) -> None:
    """Where Jupyter finds what came with the packages, and where it may write."""
    scratch = os.environ["TMPDIR"]
    os.environ.setdefault("JUPYTER_PATH", f"{root}/packages/share/jupyter")
    for name in ("CONFIG", "DATA", "RUNTIME"):
        os.environ.setdefault(f"JUPYTER_{name}_DIR", f"{scratch}/.jupyter/{name.lower()}")


def spec_for(notebook: dict[str, Any], root: str, early: Iterable[str] = ()) -> KernelSpec:
    """The kernel for a notebook, by its name or else by its language; raises ``CallFailed`` if there is none.

    Python's is always the image's own interpreter: the name that it has in the author's Jupyter says nothing
    here. It imports the modules ``early`` before it takes code.
    """
    name, language = notebook["kernel"], notebook["language"]
    if language.lower() == PYTHON:
        launcher = f"{root}/faas_runtime/notebook/launch.py"
        argv = [sys.executable, "-I", launcher, ",".join(early), "-f", "{connection_file}"]
        return KernelSpec(argv=argv, language=PYTHON, display_name="Python")
    installed = {found: KernelSpecManager().get_kernel_spec(found) for found in _names()}
    fitting = [spec for spec in installed.values() if spec.language.lower() == language.lower()]
    if name in installed and installed[name] in fitting:
        return installed[name]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{found} ({spec.language})" for found, spec in sorted(installed.items())) or "none"
    raise CallFailed(
        "init-error",
        f"The image has no kernel for the notebook: it wants {name} ({language}), and there is {there}. "
        f"{_ADVICE.get(language.lower(), 'Install one with --require PACKAGE or --apt PACKAGE.')}",
        kernel=name,
        language=language,
        available=sorted(installed),
    )


def _names() -> list[str]:
    return list(KernelSpecManager(ensure_native_kernel=False).find_kernel_specs())


_ADVICE = {"r": "Install R and its kernel with --apt r-cran-irkernel."}
