"""Frozen values: data of the notebook that lies beside the handler as pickles.

The handler asks for each of them once, while it is imported: once in an instance, as workers are forked from
a process that has imported it, and share the memory of what that has loaded.
"""

from __future__ import annotations

import os
import pickle
import sys

from .loading import MODULE, read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_described: dict[str, dict[str, Any]] = {}


class ValueMismatch(ImportError):
    """This image can't give back what the kernel has frozen."""


def frozen(name: str) -> Any:
    """The value that was frozen as ``name``.

    Raises ``ValueMismatch`` if Python, or a library whose objects are in it, has another version than the
    one that it was frozen with, or if it can't be read: a pickle is only good for those that made it.
    """
    if not _described:
        _described.update({value["name"]: value for value in read_manifest(_ROOT)["values"]})
    value = _described[name]
    _check_versions(value)
    try:
        with open(f"{_ROOT}/function/{value['file']}", "rb") as file:
            return _Unpickler(file).load()  # it came with the handler, which is code as well
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueMismatch(f"The frozen value {name} ({value['type']}) can't be loaded. {reason}") from error


class _Unpickler(pickle.Unpickler):
    """What was ``__main__`` in the notebook is the handler here."""

    def find_class(self, module: str, name: str) -> Any:
        """The class or function that a pickle names."""
        return super().find_class(MODULE if module == "__main__" else module, name)

    def persistent_load(self, name: str) -> Any:
        """The function or class that the handler has made for this value: it has no name in the notebook."""
        return getattr(sys.modules[MODULE], name)


def _check_versions(value: dict[str, Any]) -> None:
    from importlib import metadata  # costs milliseconds that only functions with values pay

    present = {"Python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
    wanted = {"Python": value["python"]}
    for pin in value["versions"]:
        package, _, version = pin.partition("==")
        wanted[package] = version
        try:
            present[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            present[package] = "none"
    for package, version in wanted.items():
        if present[package] != version:
            raise ValueMismatch(
                f"The frozen value {value['name']} ({value['type']}) was made with {package} {version}, but "
                f"this image has {present[package]}. Publish it again, from a kernel with the versions that "
                "the image has."
            )
