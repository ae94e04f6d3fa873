"""The data packages that a value is of, or that could read one, without importing any for the question."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from typing import Any

__all__ = ["is_there", "package", "type_name"]


@functools.cache
def is_there(name: str) -> bool:
    """Whether the package can be imported."""
    return name in sys.modules or importlib.util.find_spec(name) is not None


def package(name: str) -> Any:
    """The module ``name``, imported now; one that ``is_there``."""
    return importlib.import_module(name)


def type_name(value: object) -> str:
    """``pandas.DataFrame`` for an object of that class or one made of it; else the type's own name."""
    names = [f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}" for kind in type(value).__mro__]
    return next((name for name in names if name in _KNOWN), names[0])


_KNOWN = frozenset(
    {
        "PIL.Image",
        "numpy.generic",
        "numpy.ndarray",
        "pandas.DataFrame",
        "pandas.Index",
        "pandas.Series",
        "polars.DataFrame",
        "polars.Series",
        "pyarrow.Table",
        "pydantic.BaseModel",
        "pydantic.Secret",
        "pydantic.SecretBytes",
        "pydantic.SecretStr",
        "ipaddress._IPAddressBase",
        "zoneinfo.ZoneInfo",
    }
)
