"""Importing the function."""

from __future__ import annotations

import json
import os
import site
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MODULE = "handler"


def read_manifest(root: str) -> dict[str, Any]:
    """The contents of ``function.json``."""
    with open(f"{root}/function/function.json", encoding="utf-8") as file:
        manifest: dict[str, Any] = json.load(file)
    return manifest


def prepare_path(root: str) -> None:
    """Let the function import its own files first, and its packages before what the base image has."""
    add_packages(root)
    sys.path.insert(0, f"{root}/function")


def add_packages(root: str) -> None:
    """Its packages alone; nothing if that was done before."""
    packages = f"{root}/packages"
    if os.path.isdir(packages) and packages not in sys.path:
        before = list(sys.path)
        site.addsitedir(packages)  # unlike an entry of sys.path, it honours .pth files
        added = [entry for entry in sys.path if entry not in before]
        place = next((i for i, entry in enumerate(before) if entry.endswith("-packages")), len(before))
        sys.path[:] = [*before[:place], *added, *before[place:]]


def import_entry(root: str, entry: str) -> Callable[..., Any]:
    """Run ``handler.py`` as the module ``handler``; its attribute ``entry``.

    Compiled here and not by the import system: its cache goes by time and size of the file, and both may
    be equal in two versions of a function.
    """
    path = f"{root}/function/{MODULE}.py"
    with open(path, "rb") as file:
        source = file.read()
    module = ModuleType(MODULE)
    module.__file__ = path
    sys.modules[MODULE] = module
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - what we are for
    function = getattr(module, entry)
    if not callable(function):
        raise TypeError(f"{entry} is a {type(function).__name__}, which can't be called")
    called: Callable[..., Any] = function
    return called
