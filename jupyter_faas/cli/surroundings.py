"""Where a notebook that isn't executed is read: in the Python of its kernel, with its folder's modules."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from jupyter_faas.cli.arguments import UsageError

__all__ = ["importing_from", "run_in_kernels_python"]

_PREFIX: Final = "import sys; print(sys.prefix)"
_ANY_PYTHON: Final = frozenset({"python", "python3", f"python3.{sys.version_info.minor}"})
"""Names that Jupyter takes for its own interpreter."""


def run_in_kernels_python(kernel: str) -> int | None:
    """Run this command again in the interpreter of ``kernel``, which knows what is installed there; its exit
    status. None if that interpreter is this one.

    Raises ``UsageError`` if that one has no jupyter-faas.
    """
    try:
        command = KernelSpecManager().get_kernel_spec(kernel).argv[0]
    except (NoSuchKernel, IndexError):
        return None  # another machine's; what is installed here has to do
    if command in _ANY_PYTHON or command == sys.executable:
        return None
    asked = subprocess.run([command, "-c", _PREFIX], capture_output=True, text=True, check=False)
    if asked.returncode or asked.stdout.strip() == sys.prefix:
        return None
    has_us = subprocess.run([command, "-c", "import jupyter_faas.cli"], capture_output=True, check=False)
    if has_us.returncode:
        raise UsageError(
            f"the notebook's kernel {kernel} runs {command}, which has no jupyter-faas to tell what "
            "is installed there. Install it, or name another kernel in the notebook"
        )
    return subprocess.run([command, "-m", "jupyter_faas.cli", *sys.argv[1:]], check=False).returncode


@contextlib.contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Find modules in ``folder``, as the kernel of a notebook there does."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
