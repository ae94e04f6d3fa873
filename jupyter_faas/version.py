"""The version of the whole product, in a module that imports nothing."""

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
