"""Types of data packages, known by their names: no package is imported to look an annotation up."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Final

from jupyter_faas.kernel.datatypes import named_schema
from jupyter_faas.kernel.outputs import FORMS

__all__ = ["Package", "package"]

_MODULES: Final = frozenset(
    {"numpy", "numpy.typing", "pandas", "polars", "pyarrow", "PIL.Image", "matplotlib.figure"}
)
_ARRAYS: Final = "numpy.typing.NDArray"
"""The one name here that isn't the class's own: an alias of ``numpy.ndarray``."""


@dataclass(frozen=True)
class Package:
    """Stands for a module of which the types are known, or for a package that has one."""

    path: str

    def member(self, name: str) -> type | Package | None:
        """The module or the type of this name: a class that has nothing but its place; None if it isn't
        known."""
        path = f"{self.path}.{name}"
        inner = package(path)
        if inner is not None or self.path not in _MODULES:
            return inner
        if path == _ARRAYS:
            return _stand_in("numpy", "ndarray")
        known = f"{self.path.partition('.')[0]}.{name}"
        return _stand_in(self.path, name) if known in FORMS or named_schema(known, False) else None


def package(path: str) -> Package | None:
    """The module ``path``, if types are known of it or of one inside."""
    return Package(path) if any(f"{one}.".startswith(f"{path}.") for one in _MODULES) else None


def _stand_in(module: str, name: str) -> type:
    # In brackets are an array's shape and the type of its items, which no schema tells.
    members = {"__module__": module, "__class_getitem__": classmethod(types.GenericAlias)}
    return type(name, (), members)
