"""What types are known by where JSON doesn't tell them, without importing the packages that they are of."""

from __future__ import annotations

from typing import Final

__all__ = ["MEDIA", "TYPE", "name_of"]

MEDIA: Final = "x-faas-media"
TYPE: Final = "x-faas-type"

_OWN: Final = {"_pydatetime": "datetime", "_decimal": "decimal", "_pydecimal": "decimal", "_io": "io"}
_SAME: Final = {
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
    "numbers.Integral": "builtins.int",
    "numbers.Real": "builtins.float",
    "numpy.bool_": "numpy.bool",
}


def name_of(kind: type) -> str:
    """``pandas.DataFrame`` for a class that lives in ``pandas.core.frame``; types that JSON has no
    difference for have one name."""
    top = kind.__module__.partition(".")[0]
    name = f"{_OWN.get(top, top)}.{kind.__qualname__}"
    return _SAME.get(name, name)
